// SPDX-License-Identifier: Apache-2.0
//
// How large the allocations of a process were: a count for each power of two, by device and pool.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tidemark/stats_reader.hpp"

namespace tidemark::model {

struct SizeHistogram {
    std::uint32_t device = 0;
    std::uint32_t pool = 0;
    std::string pool_name;
    // Allocations with 2^i <= size < 2^(i+1) bytes; [0]: 0 and 1 byte; the last: all above.
    std::array<std::uint64_t, TIDEMARK_HISTOGRAM_BUCKETS> counts{};
};

// Of one image, unsorted. O(rows of all processes).
std::vector<SizeHistogram> read_size_histograms(const StatsReader& reader, std::uint64_t image);

// As [{"device","pool","allocations","bins"}], "bins" as [{"from","below","count"}] of those sizes that occurred; "below" is
// null for the last, which has no end.
nlohmann::ordered_json size_histograms_json(const std::vector<SizeHistogram>& histograms);

}  // namespace tidemark::model
