// SPDX-License-Identifier: Apache-2.0
//
// Which pools only grew lately, from the history in the stats segment: a hint at a leak in programs that still run. A
// hint, not a proof: a cache that fills looks the same.
#pragma once

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

// A pool grows if its history covers a minute or more and the lowest value of each quarter of that time is above that
// of the quarter before. `now_unix_ns`: CLOCK_REALTIME.
std::vector<Growth> find_growth(const StatsReader& reader, std::uint64_t now_unix_ns);

// The rule alone. `values`: one a second, oldest first.
bool only_grows(const std::vector<std::uint64_t>& values);

}  // namespace tidemark::model
