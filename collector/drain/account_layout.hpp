// SPDX-License-Identifier: Apache-2.0
//
// What an account object holds besides the ABI's header and live table: counters, usages, lane positions. All of it is
// changed only through the journal, at the end of a pass, from the drain thread's own working copy.
//
//   0          tidemark_account_header
//   4096       AccountState
//   ...        LanePosition[2 * kMaxLanes]
//   64 KiB     directory        u32[2^20], sparse
//   then       pages            8 KiB each, sparse
#pragma once

#include <cstddef>
#include <cstdint>

#include "shm/kill_point.hpp"
#include "shm/lane_reader.hpp"
#include "shm/ring_layout.hpp"
#include "tidemark/account_abi.h"
#include "tidemark/stats_abi.h"

namespace tidemark::collector {

inline constexpr std::uint32_t kUsagesPerAccount = 40;
inline constexpr std::uint32_t kSupersededLives = 64;

// One device x pool of an image. Field names and meanings: TIDEMARK_FIELDS_USAGE_COMMON.
struct UsageState {
    std::uint32_t used;  // 1: this place is taken
    std::uint32_t device;
    std::uint32_t pool;     // number of the image
    std::uint32_t covered;  // 1: the process's own ring tells of this device, so this is in no sum
    std::uint64_t current, peak;
    std::uint64_t total_allocated, total_freed, superseded;
    std::uint64_t live, allocations, frees;
    std::uint64_t size_histogram[TIDEMARK_HISTOGRAM_BUCKETS];
};
static_assert(sizeof(UsageState) % 8 == 0);

// A life that another allocation ended: a late free may still claim it.
struct SupersededLife {
    std::uint64_t id;
    std::uint64_t stamp;  // 0: a free place
    std::uint64_t size;
    std::uint32_t device;
    std::uint32_t pool;
};

struct AccountState {
    std::uint32_t serial;   // this object's name in the journal, unique in the instance
    std::uint32_t gapped;   // 1: events were lost; sums and counts are bounded, not exact
    std::uint64_t seed[2];  // of the live table's hash, secret
    std::uint64_t events, unknown_frees, inherited_frees, duplicates, ambiguous_frees;
    std::uint64_t gap_consequences, clock_steps;
    std::uint32_t quarantine;
    std::uint32_t lanes_seen;
    std::uint32_t superseded_next;
    std::uint32_t forked;    // 1: a child of fork, so unmatched frees are its parent's buffers
    std::uint32_t reported;  // 1: the leak log holds what it left
    std::uint32_t table_full;
    std::uint32_t origin;  // tidemark_origin
    std::uint32_t reserved;
    std::uint64_t rejected_allocations, rejected_bytes;  // for want of live-table memory
    shm::LossCounter loss[TIDEMARK_LOSS_CAUSE_COUNT];    // copy of the ring's counters
    UsageState usages[kUsagesPerAccount];
    SupersededLife lives[kSupersededLives];
};
static_assert(sizeof(AccountState) % 8 == 0);

inline constexpr std::uint64_t kStateOffset = 4096;
inline constexpr std::uint64_t kPositionsOffset =
    kStateOffset + ((sizeof(AccountState) + 4095) & ~4095ull);
inline constexpr std::uint32_t kPositions = 2 * shm::kMaxLanes;
inline constexpr std::uint64_t kDirectoryOffset = 64 * 1024;
inline constexpr std::uint64_t kDirectoryBytes = (1ull << TIDEMARK_ACCOUNT_MAX_DEPTH) * 4;
inline constexpr std::uint64_t kPagesOffset = kDirectoryOffset + kDirectoryBytes;
static_assert(kPositionsOffset + kPositions * sizeof(shm::LanePosition) <= kDirectoryOffset);

// The account is complete: who finds the magic, a reader or a later collector, finds all that was stored before.
inline void publish_account(tidemark_account_header& header) noexcept {
    // SYNC(live-table): release, after everything else.
    TIDEMARK_SHARED_STORE(
        "account.magic", __atomic_store_n(&header.magic, TIDEMARK_ACCOUNT_MAGIC, __ATOMIC_RELEASE));
}

}  // namespace tidemark::collector
