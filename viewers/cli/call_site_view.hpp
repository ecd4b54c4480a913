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
#include "viewers/symbols/suppressions.hpp"

namespace tidemark::cli {

// Buffers whose call stacks read the same, over all processes.
struct CallSite {
    std::vector<std::string> frames;  // the innermost first; empty: not recorded
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};

// Of a list whose call sites are named, the most bytes first. Empty if none was recorded.
std::vector<CallSite> call_sites_of(const model::BufferList& list);

// `top` of them at most (0: all), each with its first frames.
std::vector<Line> call_site_lines(const std::vector<CallSite>& sites, std::size_t top,
                                  const Figures& figures);
nlohmann::ordered_json call_sites_json(const std::vector<CallSite>& sites);

// Of `--suppressions FILE`. Throws Failure(kUsage) that names file and line.
std::optional<symbols::Suppressions> read_suppressions(const std::optional<std::string>& path);

// "12 leaks (1.20 KB) of 3 call sites are suppressed"; empty if none are.
std::string suppressed_sentence(const symbols::Suppressed& suppressed, const Figures& figures);
nlohmann::ordered_json suppressed_json(const symbols::Suppressed& suppressed);

// "4 call sites were not kept: ..."; empty if all were.
std::string dropped_sentence(const model::BufferList& list, const Figures& figures);

}  // namespace tidemark::cli
