// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/size_histogram.hpp"

#include <algorithm>

#include "viewers/model/names.hpp"

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

}  // namespace tidemark::model
