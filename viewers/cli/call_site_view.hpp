// SPDX-License-Identifier: Apache-2.0
//
// Buffers grouped by call site, and leaks that a suppressions file takes out: for `buffers`, `leaks` and `run`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "viewers/cli/figures.hpp"
#include "viewers/cli/grid.hpp"
#include "viewers/model/buffers.hpp"
#include "viewers/model/call_sites.hpp"
#include "viewers/symbols/suppressions.hpp"

namespace tidemark::cli {

using model::call_sites_json;
using model::call_sites_of;
using model::CallSite;
using model::dropped_sentence;

// `top` of them at most (0: all), each with its first frames.
std::vector<Line> call_site_lines(const std::vector<CallSite>& sites, std::size_t top,
                                  const Figures& figures);

// Of `--suppressions FILE`. Throws Failure(kUsage) that names file and line.
std::optional<symbols::Suppressions> read_suppressions(const std::optional<std::string>& path);

// "12 leaks (1.20 KB) of 3 call sites are suppressed"; empty if none are.
std::string suppressed_sentence(const symbols::Suppressed& suppressed, const Figures& figures);
nlohmann::ordered_json suppressed_json(const symbols::Suppressed& suppressed);

}  // namespace tidemark::cli
