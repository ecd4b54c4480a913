// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/size_histogram.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"

namespace tidemark::model {

std::vector<SizeHistogram> read_size_histograms(const StatsReader& reader, std::uint64_t image) {
    std::vector<SizeHistogram> found;
    tidemark_process_usage_row row;
    for (std::uint32_t i = 0; i < reader.rows<tidemark_process_usage_row>(); ++i) {
        if (reader.read(i, row) != TIDEMARK_READ_OK || row.image != image) {
            continue;
        }
        const std::string_view own = text_of(row.pool_name);
        SizeHistogram& histogram = found.emplace_back();
        histogram.device = row.device;
        histogram.pool = row.pool;
        histogram.pool_name = std::string(own.empty() ? standard_pool_name(row.pool) : own);
        std::copy(std::begin(row.size_histogram), std::end(row.size_histogram),
                  histogram.counts.begin());
    }
    return found;
}

nlohmann::ordered_json size_histograms_json(const std::vector<SizeHistogram>& histograms) {
    using Json = nlohmann::ordered_json;
    Json list = Json::array();
    for (const SizeHistogram& histogram : histograms) {
        const auto& counts = histogram.counts;
        Json bins = Json::array();
        for (std::size_t i = 0; i < counts.size(); ++i) {
            if (counts[i] == 0) continue;
            const bool last = i + 1 == counts.size();
            bins.push_back({{"from", i == 0 ? 0 : std::uint64_t{1} << i},
                            {"below", last ? Json(nullptr) : Json(std::uint64_t{2} << i)},
                            {"count", counts[i]}});
        }
        list.push_back(
            {{"device", device_json(histogram.device)},
             {"pool", histogram.pool_name},
             {"allocations", std::accumulate(counts.begin(), counts.end(), std::uint64_t{0})},
             {"bins", bins}});
    }
    return list;
}

}  // namespace tidemark::model
