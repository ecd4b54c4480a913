// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/change.hpp"

#include <algorithm>
#include <numeric>

namespace tidemark::model {
namespace {

// What every row begins with.
struct RowPrefix {
    std::uint64_t pass;
    std::uint32_t in_use;
    std::uint32_t other;
};

std::uint64_t newest_pass(const StatsReader& reader, tidemark_stats_table_id table) {
    std::uint64_t newest = 0;
    const std::uint32_t count = tidemark_reader_rows(&reader.raw(), table);
    for (std::uint32_t i = 0; i < count; ++i) {
        RowPrefix prefix{};
        // A free row counts too: that it became free is a change.
        if (tidemark_reader_row(&reader.raw(), table, i, &prefix, sizeof prefix) <=
            TIDEMARK_READ_FREE) {
            newest = std::max(newest, prefix.pass);
        }
    }
    return newest;
}

// Counters that only rise, so that their sum stands for all of them.
std::uint64_t counted(const tidemark_collector_row& row) {
    const auto sum = [](const auto& counters) {
        return std::accumulate(std::begin(counters), std::end(counters), std::uint64_t{0});
    };
    return row.events + row.processes_seen + row.rings_quarantined + row.rings_refused +
           row.recoveries + row.rows_dropped + row.rows_refused + row.sink_dropped +
           row.untracked_images + row.audit_differences + sum(row.lost_allocations) +
           sum(row.lost_frees);
}

}  // namespace

std::uint64_t change_word(const StatsReader& reader) {
    std::uint64_t newest = 0;
    for (const auto table :
         {TIDEMARK_TABLE_DEVICE, TIDEMARK_TABLE_MEMORY, TIDEMARK_TABLE_USAGE,
          TIDEMARK_TABLE_PROCESS, TIDEMARK_TABLE_PROCESS_USAGE, TIDEMARK_TABLE_REGION}) {
        newest = std::max(newest, newest_pass(reader, table));
    }
    const auto row = reader.read<tidemark_collector_row>(0);
    // Both only rise, so their sum tells as well as the two.
    return newest + (row ? counted(*row) : 0);
}

}  // namespace tidemark::model
