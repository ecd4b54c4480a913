// SPDX-License-Identifier: Apache-2.0
//
// The figures of a pool as one buffer comes and goes. None goes below zero: who takes away has added before.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "collector/drain/account_layout.hpp"

namespace tidemark::collector {

// Bytes that one image may hold in one pool: more than any memory has, and so few that no sum over images wraps.
inline constexpr std::uint64_t kMostHeld = std::uint64_t{1} << 48;

// Of the size histogram: powers of two.
inline std::uint32_t bucket_of(std::uint64_t size) noexcept {
    if (size < 2) return 0;
    return std::min<std::uint32_t>(static_cast<std::uint32_t>(std::bit_width(size)) - 1,
                                   TIDEMARK_HISTOGRAM_BUCKETS - 1);
}

inline void count_allocation(UsageState& u, std::uint64_t size) noexcept {
    ++u.live;
    ++u.allocations;
    u.total_allocated += size;
    u.current += size;
    ++u.size_histogram[bucket_of(size)];
    u.peak = std::max(u.peak, u.current);
}

// Of one that was counted and turned out to have no place. The peak stays: the program did hold it.
inline void take_back_allocation(UsageState& u, std::uint64_t size) noexcept {
    --u.live;
    --u.allocations;
    u.total_allocated -= size;
    u.current -= size;
    --u.size_histogram[bucket_of(size)];
}

inline void count_free(UsageState& u, std::uint64_t size) noexcept {
    --u.live;
    ++u.frees;
    u.total_freed += size;
    u.current -= size;
}

}  // namespace tidemark::collector
