// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/query_text.hpp"

#include <nlohmann/json.hpp>

#include "viewers/model/csv.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/proc_text.hpp"
#include "viewers/model/snapshot_json.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

std::string csv_text(const model::Snapshot& snapshot, const Options& options,
                     const std::vector<std::string>& columns) {
    std::string text;
    if (options.header) {
        text = model::csv_header(columns, options.units) + '\n';
    }
    for (const auto& row : model::select(snapshot, columns)) {
        text += model::csv_line(row) + '\n';
    }
    return text;
}

// The pool alone, as the older tools had it; 0 where the device has had no event of it.
std::uint64_t pool_bytes(const model::Device& device, std::uint32_t pool) {
    for (const model::PoolUsage& usage : device.pools) {
        if (usage.pool == pool) {
            return usage.current;
        }
    }
    return 0;
}

}  // namespace

std::string query_text(const model::Snapshot& snapshot, const Options& options,
                       const std::string& format, const std::vector<std::string>& columns) {
    if (format == "proc") {
        return model::proc_text(snapshot, options.header);
    }
    if (format == "csv") {
        return csv_text(snapshot, options, columns.empty() ? model::default_columns() : columns);
    }
    return model::dump(model::to_json(snapshot), options.watching ? -1 : 2) + '\n';
}

std::string log_lines(const model::Snapshot& snapshot) {
    std::string text;
    for (const model::Device& device : snapshot.devices) {
        if (device.device != TIDEMARK_DEVICE_HOST) {
            text += model::csv_line({model::format_iso_time(snapshot.time_unix_ns),
                                     model::device_word(device.device),
                                     std::to_string(pool_bytes(device, TIDEMARK_POOL_DRAM)),
                                     std::to_string(pool_bytes(device, TIDEMARK_POOL_L1))}) +
                    '\n';
        }
    }
    return text;
}

}  // namespace tidemark::cli
