// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a ring segment: one image's header, lanes and blocks. Layout only; how lanes are written and read is
// in lane_writer.hpp and lane_reader.hpp, and why each access has its memory order in README.md.
//
//   0         RingHeader          identity, written before the object gets its ready name; then counters
//   4096      declarations        names of devices and pools, capacities
//   8192      Lane[kMaxLanes]     512 bytes a pair: [2k] is thread lane k, [2k + 1] its handlers' small lane
//   ...       call sites          StackTable's entries and modules, if the program records them: see call_sites.hpp
//   ...       blocks              records; claimed upwards, a page is populated before it is touched
//
// The object is sparse: its size is its budget. Name while it is made: tidemark.tmp.<random>; once ready:
// tidemark.ring.<image>, 16 hexadecimal digits. Byte 0 carries the producer's lock, byte 1 the consumer's (open file
// description locks, held by the mappings). The consumer trusts no byte of it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shm/event.hpp"
#include "tidemark/words.h"

namespace tidemark::shm {

inline constexpr std::uint64_t kRingMagic = 0x474E49524B524D54ull;  // "TMRKRING"
inline constexpr std::uint32_t kRingByteOrder = 0x01020304u;
inline constexpr std::uint32_t kRingMajor = 1;
inline constexpr std::uint32_t kRingMinor = 0;
inline constexpr std::uint32_t kTellsNews = 1;  // feature, compatible: knows quiet_word()

inline constexpr char kShmDirectory[] = "/dev/shm/";
inline constexpr char kRingPrefix[] = "tidemark.ring.";
inline constexpr char kTemporaryPrefix[] = "tidemark.tmp.";
inline constexpr char kBellPrefix[] = "tidemark.bell.";
inline constexpr int kProducerLockByte = 0;
inline constexpr int kConsumerLockByte = 1;

inline constexpr std::uint32_t kMaxLanes = 256;  // threads with a lane of their own
inline constexpr std::uint32_t kFirstBlockEvents = 512;
inline constexpr std::uint32_t kHandlerBlockEvents = 64;
inline constexpr std::uint32_t kGrowthEvents[] = {2048, 8192, 16384};  // at most three links
inline constexpr std::uint32_t kMostBlockEvents =
    65536;  // instead of the last, where there is room
inline constexpr std::uint64_t kDefaultRingBudget = 8ull << 20;  // object size, bytes
inline constexpr std::uint64_t kMinRingBudget = 1ull << 20;
inline constexpr std::uint64_t kMaxRingBudget = 1ull << 30;
inline constexpr std::uint32_t kDeclaredDevices = 16;
inline constexpr std::uint32_t kNamedPools = 8;  // numbers 7 to 14

enum class ClockKind : std::uint32_t { kTsc = 1, kMonotonic = 2, kGenericCounter = 3 };

// Loss counters of one cause. Written by any thread of the producer with relaxed atomic additions; the consumer reads.
struct LossCounter {
    std::uint64_t allocations;
    std::uint64_t frees;
    std::uint64_t bytes;
};

struct RingHeader {
    std::uint64_t magic;
    std::uint32_t byte_order;
    std::uint32_t major;
    std::uint32_t minor;
    std::uint32_t header_size;  // 4096
    std::uint32_t features_compatible;
    std::uint32_t features_incompatible;
    std::uint64_t object_size;
    std::uint64_t image;          // random, never 0
    std::uint64_t parent_image;   // the image that forked this process; 0: none known
    std::uint64_t start_ticks;    // field 22 of /proc/self/stat
    std::uint64_t pid_namespace;  // inode of /proc/self/ns/pid; 0: unknown
    std::int32_t pid;             // as the producer sees itself
    std::int32_t parent_pid;
    std::uint32_t uid;
    std::uint32_t clock_kind;  // ClockKind
    std::uint32_t lane_count;  // kMaxLanes
    std::uint32_t lane_size;   // sizeof(Lane)
    std::uint64_t lanes_offset;
    std::uint64_t blocks_offset;
    std::uint64_t declarations_offset;
    std::uint64_t attach_stamp;  // clock when the segment was made
    char instance[64];           // wanted collector; empty: any of the user's
    char name[16];               // comm
    char command[256];
    std::uint32_t origin;  // tidemark_origin: who wrote the records

    // Producer writes, consumer reads. Own cache-line pair.
    alignas(128) std::uint32_t
        lanes_used;            // lanes at and above were never claimed (release, SYNC(lane-claim))
    std::uint32_t poll_me;     // rings no bell: 1, there is none; 2, in a sandbox
    std::uint32_t membarrier;  // 1: registered for the collector's barrier
    std::uint32_t policy;      // 0 block, 1 drop
    // Call sites (call_sites.hpp); all 0: not recorded.
    std::uint64_t stacks_offset;
    std::uint64_t modules_offset;
    std::uint32_t stack_frames;    // of one entry, at most
    std::uint32_t modules_used;    // modules below it are complete (release, SYNC(modules))
    std::uint64_t stacks_dropped;  // allocations whose call site found no room; relaxed additions
    alignas(128) LossCounter loss[TIDEMARK_LOSS_CAUSE_COUNT];

    // Consumer writes, producer reads. Own cache-line pair.
    // Index into the user's bell page; -1: no consumer. As quiet_word() where nobody looks at this ring's lanes until
    // it tells of news there.
    alignas(128) std::int32_t consumer_slot;
    std::uint32_t consumer_generation;  // moves when another collector attaches
    std::uint64_t consumer_attached;    // 1 once the lanes are being drained
};

struct DeviceDeclaration {
    std::uint32_t ready;  // 1 once the rest is written (release, SYNC(declare))
    std::uint32_t device;
    char name[48];                                  // empty: not named
    std::uint64_t capacity[TIDEMARK_MEMORY_COUNT];  // bytes; 0: not declared
};

struct PoolDeclaration {
    std::uint32_t ready;   // 1 once the rest is written (release, SYNC(declare))
    std::uint32_t memory;  // tidemark_memory
    char name[24];
};

struct Declarations {
    PoolDeclaration pools[kNamedPools];  // [n] is pool 7 + n
    DeviceDeclaration devices[kDeclaredDevices];
    std::uint32_t refused;  // declarations that did not fit
};

// One single-producer single-consumer ring. Indices are free-running; index i lies in the current block at
// i mod capacity. Producer and consumer words on cache-line pairs of their own.
struct Lane {
    // Producer.
    alignas(128) std::uint64_t head;  // records below it are readable (release, SYNC(lane-head))
    std::uint64_t first_offset;       // first block; valid once lanes_used covers the lane
    std::uint32_t first_capacity;
    std::uint32_t owner;  // thread id of the owner, for people who look
    // Consumer.
    alignas(128) std::uint64_t tail;  // records below it are free again (release, SYNC(lane-tail))
    std::uint64_t
        published;  // records below it are covered by a publication (release, SYNC(flush))
};

inline constexpr std::uint64_t kDeclarationsOffset = 4096;
inline constexpr std::uint64_t kLanesOffset = 8192;
inline constexpr std::uint64_t kBlocksOffset = kLanesOffset + 2ull * kMaxLanes * sizeof(Lane);

static_assert(sizeof(RingHeader) <= 4096 && sizeof(Declarations) <= 4096);
static_assert(sizeof(Lane) == 256 && offsetof(Lane, tail) == 128);
static_assert(offsetof(RingHeader, instance) == 128 && offsetof(RingHeader, lanes_used) == 512);
static_assert(offsetof(RingHeader, loss) == 640 && offsetof(RingHeader, consumer_slot) == 896);
static_assert(kBlocksOffset % 4096 == 0);

// The bell page of a user, tidemark.bell.<uid>, 0600. All zero is its valid first state, so whoever comes first just
// makes it. Slots are claimed by collectors under the page's lock (byte 0).
inline constexpr std::uint32_t kBellSlots =
    127;  // futex_waitv takes 128, one is the collector's own

// A producer that finds this form in consumer_slot tells of its news (feature kTellsNews): slot in the low byte, then
// the ring's group. Larger than any slot, so that the look for a sleeping consumer finds it by the comparison that it
// makes anyway.
inline constexpr std::uint32_t kQuiet = std::uint32_t{1} << 30;
constexpr std::int32_t quiet_word(std::int32_t slot, std::uint32_t group) noexcept {
    return static_cast<std::int32_t>(kQuiet | group << 8 | static_cast<std::uint32_t>(slot));
}
constexpr std::uint32_t group_of(std::uint32_t word) noexcept { return word >> 8 & 0x3fffff; }
constexpr bool is_quiet_word(std::uint32_t word) noexcept { return word >> 30 == 1; }

// What a collector does that drains no lane just now.
inline constexpr std::uint32_t kNotWaiting = 0;
inline constexpr std::uint32_t kAsleep = 1;   // until the next event rings
inline constexpr std::uint32_t kResting = 2;  // shortly, unless a lane fills up or a flush rings

// Rings are told apart by groups, so that a user may have any number of them.
inline constexpr std::uint32_t kNewsGroups = 320;

struct BellSlot {
    std::uint32_t waiting;       // futex: one of the above (SYNC(bell))
    std::int32_t collector_pid;  // 0: a free slot
    std::uint64_t heartbeat_ns;  // CLOCK_MONOTONIC of the collector's last sign of life
    std::uint64_t generation;
    char instance[64];
    std::uint64_t news[kNewsGroups / 64];  // a bit: some quiet ring of that group has news
};

struct BellPage {
    std::uint64_t
        undrained_bytes;  // of this user's ring objects, added at creation, taken off at unlink
    std::uint64_t untracked_images;  // that made no ring, for want of budget
    std::uint64_t untracked_space;   // that made no ring, for want of space, descriptors or maps
    std::uint64_t
        untracked_by_name[13];  // untracked.hpp: key of the instance << 32 | programs; 0: free
    BellSlot slots[kBellSlots];
};

static_assert(sizeof(BellSlot) == 128 && sizeof(BellPage) == 128 * 128);

}  // namespace tidemark::shm
