// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/leak_view.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "viewers/cli/buffer_text.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/snapshot_json.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string duration_or_unknown(const std::optional<std::uint64_t>& ms) {
    return ms ? model::format_duration(*ms) : "N/A";
}

Grid holding_grid(const std::vector<Holding>& holdings, std::size_t top, const Figures& figures,
                  bool ended) {
    Grid grid({{"PID", Align::kRight},
               {"Program", Align::kLeft, 8},
               {ended ? "Ended" : "Oldest", Align::kRight, 0, 1},
               {"Dev"},
               {"Pool", Align::kLeft, 6},
               {"Buffers", Align::kRight},
               {ended ? "Left" : "Holds", Align::kRight}});
    const std::size_t shown = top == 0 ? holdings.size() : std::min(top, holdings.size());
    for (std::size_t i = 0; i < shown; ++i) {
        const Holding& holding = holdings[i];
        const std::string about = holding.exact ? "" : "~";
        const std::string ago =
            (holding.ended_ms_ago ? duration_or_unknown(holding.ended_ms_ago) + " ago" : "N/A") +
            (holding.ending.empty() ? "" : ", " + holding.ending);
        grid.row({{holding.pid ? std::to_string(*holding.pid) : "N/A"},
                  {holding.name.empty() ? "N/A" : model::printable(holding.name)},
                  {ended ? ago : duration_or_unknown(holding.oldest_ms)},
                  {model::device_word(holding.device), Style::kAccent},
                  {model::printable(holding.pool_name)},
                  {about + figures.count(holding.count)},
                  {about + figures.bytes(holding.bytes), Style::kBold}});
    }
    return grid;
}

void add_section(std::vector<Line>& lines, const char* title, const std::vector<Line>& section,
                 std::size_t all, std::size_t top, const Figures& figures) {
    if (all == 0) {
        return;
    }
    if (!lines.empty()) {
        lines.emplace_back();
    }
    lines.push_back({{title, Style::kBold}});
    lines.insert(lines.end(), section.begin(), section.end());
    if (top != 0 && all > top) {
        lines.push_back(
            {{"and " + figures.count(all - top) + " more; --top 0 shows all", Style::kDim}});
    }
}

std::vector<Line> growth_lines(const std::vector<model::Growth>& growing, const Figures& figures) {
    std::vector<Line> lines;
    lines.reserve(growing.size());
    for (const model::Growth& growth : growing) {
        lines.push_back(
            {{model::device_word(growth.device) + " " + model::printable(growth.pool_name),
              Style::kAccent},
             {" grew from " + figures.bytes(growth.from_bytes) + " to " +
              figures.bytes(growth.to_bytes) + " in " + model::format_duration(growth.span_ms)}});
    }
    return lines;
}

}  // namespace

std::vector<Line> leak_lines(const LeakFindings& findings, const Figures& figures, std::size_t top,
                             std::size_t width, bool ascii) {
    std::vector<Line> lines;
    const auto grid_lines = [&](const Grid& grid) { return grid.lines(width, ascii); };
    add_section(lines, "Left by programs that ended",
                grid_lines(holding_grid(findings.left, top, figures, true)), findings.left.size(),
                top, figures);
    if (!findings.by_site) {
        add_section(lines, "The largest of it",
                    grid_lines(buffer_grid(findings.leaks, top, figures)),
                    findings.leaks.buffers.size(), top, figures);
    }
    const std::vector<CallSite> sites = call_sites_of(findings.leaks);
    add_section(lines, "Where it was allocated", call_site_lines(sites, top, figures), sites.size(),
                top, figures);
    add_section(lines, "Grows without falling back", growth_lines(findings.growing, figures),
                findings.growing.size(), 0, figures);
    add_section(lines, "Held by programs that run (no leak yet)",
                grid_lines(holding_grid(findings.running, top, figures, false)),
                findings.running.size(), top, figures);
    if (findings.left.empty() && findings.leaks.buffers.empty()) {
        lines.insert(lines.begin(), Line{{"no program that ended left anything", Style::kGood}});
        if (lines.size() > 1) {
            lines.insert(lines.begin() + 1, Line{});
        }
    }
    if (findings.by_site && sites.empty() && !findings.leaks.buffers.empty()) {
        lines.push_back(
            {{"no call site was recorded: TIDEMARK_STACKS=16 in the program's "
              "environment, or `tidemark run --stacks`, records them",
              Style::kWarning}});
    }
    for (const std::string& said : {suppressed_sentence(findings.suppressed, figures),
                                    dropped_sentence(findings.leaks, figures)}) {
        if (!said.empty()) {
            lines.push_back({{said, Style::kDim}});
        }
    }
    for (const std::string& reason : findings.leaks.inexact) {
        lines.push_back({{"not listed one by one: " + reason, Style::kWarning}});
    }
    return lines;
}

void write_leak_json(const LeakFindings& findings,
                     const std::function<void(const std::string&)>& write) {
    Json head;
    head["schema"] = model::kJsonSchema;
    head["left"] = model::holdings_json(findings.left);
    head["running"] = model::holdings_json(findings.running);
    head["growing"] = model::growing_json(findings.growing);
    head["exact"] = findings.leaks.inexact.empty();
    head["inexact"] = findings.leaks.inexact;
    head["suppressed"] = suppressed_json(findings.suppressed);
    if (findings.by_site) {
        head["sites"] = call_sites_json(call_sites_of(findings.leaks));
    }
    write_with_list(head, "leaks", findings.leaks, 2, write);
}

}  // namespace tidemark::cli
