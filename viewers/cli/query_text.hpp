// SPDX-License-Identifier: Apache-2.0
//
// A snapshot in the formats for scripts: json, csv, proc.
#pragma once

#include <string>
#include <vector>

#include "viewers/cli/options.hpp"
#include "viewers/model/snapshot.hpp"

namespace tidemark::cli {

// `format`: json, csv or proc. JSON is one line while watching. `columns`: of CSV; empty means the usual ones.
std::string query_text(const model::Snapshot& snapshot, const Options& options,
                       const std::string& format, const std::vector<std::string>& columns);

// Lines of the older tools' log, "timestamp,device,dram,l1": one an accelerator.
inline constexpr const char* kLogHeader = "timestamp,device,dram,l1\n";
std::string log_lines(const model::Snapshot& snapshot);

}  // namespace tidemark::cli
