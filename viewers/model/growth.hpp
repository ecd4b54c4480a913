// SPDX-License-Identifier: Apache-2.0
//
// Which pools only grew lately, from the history in the stats segment: a hint at a leak in programs that still run. A
// hint, not a proof: a cache that fills looks the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tidemark/stats_reader.hpp"

namespace tidemark::model {

struct Growth {
    std::uint32_t device = 0;
    std::uint32_t pool = 0;
    std::string pool_name;
    std::uint64_t from_bytes = 0;
    std::uint64_t to_bytes = 0;
    std::uint64_t span_ms = 0;
};

struct GrowthFindings {
    std::vector<Growth> growing;
    bool is_judged = false;  // the history of some pool was long enough
};

// A pool grows if its history covers a minute or more, the lowest value of each quarter of that time is above that of
// the quarter before, and it never fell by more than a quarter of its whole rise. `now_unix_ns`: CLOCK_REALTIME.
GrowthFindings find_growth(const StatsReader& reader, std::uint64_t now_unix_ns);

// A minute of it: less says nothing.
inline constexpr std::size_t kLeastGrowthSeconds = 60;

// The rule alone. `values`: at equal distances, oldest first; fewer than `least` say nothing.
bool only_grows(const std::vector<std::uint64_t>& values, std::size_t least = kLeastGrowthSeconds);

}  // namespace tidemark::model
