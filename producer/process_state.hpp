// SPDX-License-Identifier: Apache-2.0
//
// What the producer keeps for its process: the page that fork wipes, the ring that was made, and what outlives a fork.
// How lanes are given to threads is in thread_lanes.hpp, how events are written in record.cpp.
//
//   ProcessPage   wiped in every fork child (also of a raw clone): epoch 0 sends its next event to the slow path, which
//                 makes the child's own ring. A vfork child shares all memory, so it goes on with its parent's.
//   ProcessState  of one ring; private memory, replaced with it.
//   Inherited     ordinary memory: a fork child reads in it what its parent was.
#pragma once

#include <cstdint>

#include "producer/losses.hpp"
#include "producer/modules.hpp"
#include "producer/settings.hpp"
#include "producer/stack_table.hpp"
#include "producer/unwind_rules.hpp"
#include "shm/clock.hpp"
#include "shm/lane_writer.hpp"
#include "shm/raw_segment.hpp"

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

#if defined(__x86_64__)
inline constexpr std::uint64_t kPageAlignment = 4096;
#else
inline constexpr std::uint64_t kPageAlignment = 65536;  // the largest page of AArch64
#endif

// A lane of a thread and the small one of the handlers that interrupt it.
struct LanePair {
    alignas(64) shm::LaneWriter thread;
    GapNote thread_gap;
    alignas(64) shm::LaneWriter handler;
    GapNote handler_gap;
    std::uint32_t owner;  // thread id; 0: nobody's own (the shared one)
    // Waiting on a full lane: naps since the tail last moved.
    std::uint64_t stall_tail;
    std::uint64_t stall_ns;
    std::uint64_t stall_since_ns;  // CLOCK_MONOTONIC
};

struct ProcessState {
    shm::RawRing ring;
    std::int32_t pid;
    std::uint32_t lanes_used;      // atomic; mirrored in the ring's header
    std::uint64_t next_block;      // atomic; offset of the first byte that no block has
    std::uint64_t growth_bytes;    // atomic; spent on blocks beyond the first
    std::uint64_t touched_bytes;   // atomic
    std::uint64_t retry_space_ns;  // atomic; no new pages before this time, after a refusal
    std::uint64_t
        retry_claim_ns;   // atomic; all lanes were in use, not looked at again before this time
    std::uint32_t probe;  // next lane whose owner is looked at
    LanePair* shared;     // for threads beyond the last lane; nullptr until needed
    std::uint32_t shared_lock;  // 1: somebody appends to it
    LanePair lanes[shm::kMaxLanes];
    StackTable stacks;  // pages of it that nobody touches take no memory
    ModuleTable modules;
    UnwindRules rules;

    shm::RingHeader& header() noexcept { return *reinterpret_cast<shm::RingHeader*>(ring.base); }
};

struct alignas(kPageAlignment) ProcessPage {
    std::uint64_t epoch;     // atomic; 0: no ring. Thread state of another epoch is void
    ProcessState* state;     // atomic (release, SYNC(process-state)); nullptr: no ring
    std::uint32_t begun;     // 1 once this process looked around; 0 in a new fork child
    std::uint32_t lock;      // thread id of who makes rings, claims lanes or declares
    std::uint32_t failure;   // why there is no ring, a tidemark_loss_cause
    std::uint32_t failed;    // 1: making a ring failed before
    std::uint64_t retry_ns;  // atomic; not before this time again
    LossTable unsent;        // losses while there is no ring
    GapNote gap;             // losses that belong to no lane; the next lane that looks takes them
    std::uint32_t callers;   // atomic; threads within a SystemCalls, SYNC(sandbox)
};
static_assert(sizeof(ProcessPage) == kPageAlignment);

enum class Sandbox : std::uint32_t { kNone = 0, kFilter = 1, kSilent = 2 };

// Survives fork. Written under the page's lock, by start(), and by the child's first steps.
struct Inherited {
    Settings settings;
    shm::ClockKind clock;
    std::uint32_t membarrier;  // 1: registered
    std::uint32_t sandbox;     // atomic; a Sandbox
    std::int32_t pid;          // of the process that last began
    std::uint64_t last_epoch;  // atomic; never repeats along a line of forks
    std::uint64_t
        image;  // of the last ring of this process or of the nearest ancestor that had one
    ProcessState* state;  // memory of that ring's state, used again by a child
    shm::BellPage* bell;  // stays mapped across fork; atomic
    std::uint32_t bell_uid;
    std::byte* patched;  // anonymous pages that stand where the parent's ring was
    std::uint64_t patched_size;
};

extern ProcessPage process_page;
extern Inherited inherited;

// SYNC(sandbox): seq_cst, for SystemCalls.
inline Sandbox sandbox() noexcept {
    return static_cast<Sandbox>(__atomic_load_n(&inherited.sandbox, __ATOMIC_SEQ_CST));
}

// A stretch of code that may make system calls, unless a sandbox says otherwise: then it is false, and stays so. A
// thread that puts the others into a sandbox waits a bounded time until none is within such a stretch.
class SystemCalls {
public:
    SystemCalls() noexcept;
    ~SystemCalls();
    SystemCalls(const SystemCalls&) = delete;
    SystemCalls& operator=(const SystemCalls&) = delete;
    explicit operator bool() const noexcept { return allowed_; }

private:
    static void leave() noexcept;
    bool allowed_;
};

// After the sandbox was announced: until no other thread is within a SystemCalls, at most 100 ms.
void wait_for_callers() noexcept;

inline shm::BellPage* bell() noexcept {
    // Not ordered: a mapping is there for every thread once the kernel has made it, and its bytes are other processes'.
    return __atomic_load_n(&inherited.bell, __ATOMIC_RELAXED);
}

// The ring's state, nullptr while there is none.
inline ProcessState* current_state() noexcept {
    // SYNC(process-state): acquire pairs with the release in publish_state(): the state is complete.
    return __atomic_load_n(&process_page.state, __ATOMIC_ACQUIRE);
}

// Under the page's lock: every thread finds the state from now on.
void publish_state(ProcessState& state) noexcept;

// Blocks signals and takes the page's lock, waiting a bounded time for another thread; false: it did not get it. Not
// in a sandbox, nor inside an append.
class Critical {
public:
    Critical() noexcept;
    ~Critical();
    Critical(const Critical&) = delete;
    Critical& operator=(const Critical&) = delete;
    explicit operator bool() const noexcept { return owned_; }

private:
    SystemCalls calls_;
    shm::SignalsBlocked signals_;
    bool owned_;
};

// The same lock by hand, for the fork handlers.
bool take_page_lock(std::uint32_t patience) noexcept;
void drop_page_lock() noexcept;

// First steps of an image and of each fork child; cheap when done. False in a vfork child of a process without a
// ring: what it made would be its parent's, under a wrong name.
bool begin_process() noexcept;

// Maps the user's bell page while its name can still be reached: a program that changes its root directory before its
// first event could not be counted as untracked else.
void know_bell() noexcept;

// False for a second after making a ring failed.
bool is_time_to_make_state() noexcept;

// Makes the ring if there is none and it is time to try. Under Critical. nullptr: process_page.failure says why.
ProcessState* make_state() noexcept;

// Writes what was declared so far into a ring that nobody sees yet.
void write_declarations(std::byte* ring) noexcept;

// Reserves `bytes` of blocks and makes their pages present. 0: none left; or an errno in `error`.
std::uint64_t reserve_block(ProcessState& state, std::uint64_t bytes, int& error) noexcept;
std::uint64_t bytes_left(const ProcessState& state) noexcept;
// A refusal of pages was seen: not again for a while.
void postpone_space(ProcessState& state) noexcept;
bool space_is_postponed(const ProcessState& state) noexcept;

// Touched shared memory, for the user's budget and the status.
void account_touched(ProcessState& state, std::uint64_t bytes) noexcept;

}  // namespace tidemark::producer

#pragma GCC visibility pop
