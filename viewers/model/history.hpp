// SPDX-License-Identifier: Apache-2.0
//
// What each device and pool held over the last minutes, from the history in the stats segment. The collector writes a
// sample only where something changed: here the periods without one are filled in, and those of which nothing is known
// (before the first sample, while no collector looked) are empty, never 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tidemark/stats_reader.hpp"

namespace tidemark::model {

struct HistoryPoint {
    std::optional<std::uint64_t> current;  // bytes, at the end of the period
    std::optional<std::uint64_t> highest;  // bytes, within the period
};

struct PoolHistory {
    std::uint32_t device = 0;
    std::uint32_t pool = 0;
    std::string pool_name;
    std::uint64_t first_unix_ns = 0;  // start of the first period, CLOCK_REALTIME
    std::uint64_t period_ns = 0;
    std::vector<HistoryPoint>
        points;  // oldest first; the last one is the period that `until_unix_ns` lies in
};

// Fine: 100 ms over the last minute. Coarse: 1 s over the last 15 minutes.
enum class Resolution { kFine, kCoarse };

struct HistoryWindow {
    Resolution resolution = Resolution::kCoarse;
    std::uint64_t until_unix_ns = 0;  // CLOCK_REALTIME, now in most cases
    std::size_t points = 0;           // as many as the ring holds at most; 0: as many
};

// O(points) loads of memory for each pool, no system call. A pool without a history row is missing.
std::vector<PoolHistory> read_history(const StatsReader& reader, const HistoryWindow& window);

// Of one row. `known_until`: see history_known_until.
PoolHistory read_history(const StatsReader& reader, const tidemark_history_row& row,
                         const HistoryWindow& window, std::uint64_t known_until);

// Up to when silence means that nothing changed: `now_unix_ns` while the collector shows signs of life, else its last.
std::uint64_t history_known_until(const StatsReader& reader, std::uint64_t now_unix_ns);

}  // namespace tidemark::model
