// SPDX-License-Identifier: Apache-2.0
//
// One process: who it is, its pools over time. What they hold: held_view.cpp.
#include <algorithm>

#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"
#include "viewers/tui/grid.hpp"
#include "viewers/tui/views.hpp"

namespace tidemark::tui {
namespace {

using model::PoolUsage;
using model::Process;

constexpr std::size_t kGraphRows = 2;

std::string time_text(std::uint64_t unix_ns) {
    std::string text = model::format_iso_time(unix_ns).substr(0, 19);
    text[10] = ' ';
    return text;
}

void add(std::vector<Line>& lines, const std::vector<Line>& more) {
    lines.insert(lines.end(), more.begin(), more.end());
}

std::vector<Line> identity(Frame& frame, const Process& process) {
    const auto known = [](const auto& value) { return value.value_or(kUnknown); };
    std::vector<Line> lines;
    lines.push_back({{" command  ", kDim}, {model::printable(known(process.command))}});
    Line about = {{" user     ", kDim},
                  {model::printable(process.user.value_or(std::to_string(process.uid)))},
                  {"   started  ", kDim},
                  {process.start_unix_ns ? time_text(*process.start_unix_ns) : kUnknown},
                  {"   state  ", kDim}};
    const std::string ending = model::ending_text(process.ending, process.ending_code);
    about.push_back({process.exited ? (ending.empty() ? "exited" : ending) : "runs",
                     {process.exited ? Style::kWarning : Style::kGood}});
    about.push_back({"   told by  ", kDim});
    about.push_back({std::string(model::origin_word(process.origin))});
    lines.push_back(about);
    if (const std::string lost = model::loss_sentence(process.lost, frame.cells.figures());
        !lost.empty()) {
        lines.push_back({{" " + lost, {Style::kWarning}}});
    }
    if (process.quarantine != 0) {
        lines.push_back(
            {{" quarantined: " + std::string(model::quarantine_words(process.quarantine)),
              {Style::kBad}}});
    }
    return lines;
}

Grid pool_grid(bool ascii) {
    return Grid({{"POOL", 20, true, 12},
                 {"NOW", 11},
                 {"PEAK", 11},
                 {"ALLOCATED", 11, false, 0, 3},
                 {"FREED", 11, false, 0, 4},
                 {"BUFFERS", 9},
                 {"ALLOC/S", 12, false, 0, 1},
                 {"COUNT/S", 9, false, 0, 2}},
                ascii);
}

Line pool_figures(Frame& frame, const Process& process, const PoolUsage& pool) {
    PoolUsage base;
    const PoolKey key{process.image, pool.device, pool.pool};
    if (frame.state.mark) {
        const auto at = frame.state.mark->pools.find(key);
        if (at != frame.state.mark->pools.end()) base = at->second;
    }
    const auto cell = [&](std::uint64_t PoolUsage::*which, Unit unit) {
        return frame.cells.amount({pool.*which, pool.exact}, {base.*which, base.exact}, unit);
    };
    const auto speed = [&](const std::optional<std::uint64_t>& value, Unit unit) {
        return frame.cells.rate({value, pool.exact}, unit);
    };
    return {{model::cut(pool_label(pool.device, pool.pool_name), 20, frame.state.ascii),
             {Style::kAccent}},
            cell(&PoolUsage::current, Unit::kBytes),
            frame.cells.peak(pool, base),
            cell(&PoolUsage::total_allocated, Unit::kBytes),
            cell(&PoolUsage::total_freed, Unit::kBytes),
            cell(&PoolUsage::live, Unit::kCount),
            speed(frame.world.trails.bytes_per_second(key), Unit::kBytes),
            speed(frame.world.trails.count_per_second(key), Unit::kCount)};
}

// From the lowest to the highest that was seen, which stand beside it.
std::vector<Line> trail_lines(const Trail& trail, std::size_t columns, bool ascii) {
    const auto range = range_of(trail.current);
    if (!range || trail.current.size() < 2) return {};
    const std::string span = " " + model::format_bytes(range->first) + " to " +
                             model::format_bytes(range->second) + " in " +
                             model::format_duration(milliseconds(trail));
    const std::size_t room = columns - std::min(columns, span.size() + 5);
    const std::size_t wide = std::min(trail.current.size(), room);
    std::vector<Line> lines;
    for (const std::string& row : graph(trail.current, wide, kGraphRows, ascii, range->first)) {
        lines.push_back({{"   " + row, {Style::kAccent}}});
    }
    lines.back().push_back({span, kDim});
    return lines;
}

std::vector<Line> pools(Frame& frame, const Process& process, std::size_t columns) {
    const bool ascii = frame.state.ascii;
    Grid grid = pool_grid(ascii);
    for (const PoolUsage& pool : process.usage)
        grid.add(pool_figures(frame, process, pool));
    const std::vector<Line> figures = grid.lines(columns);
    std::vector<Line> lines = {
        rule({{"pools over time", kTitle}}, " graphs: seen by this viewer ", columns, ascii),
        grid.heading(columns)};
    for (std::size_t i = 0; i < figures.size(); ++i) {
        const PoolUsage& pool = process.usage[i];
        lines.push_back(figures[i]);
        const Trail* trail = frame.world.trails.find({process.image, pool.device, pool.pool});
        if (trail != nullptr) add(lines, trail_lines(*trail, columns, ascii));
    }
    if (process.usage.empty()) lines.push_back({{" nothing allocated yet", kDim}});
    return lines;
}

}  // namespace

std::vector<Line> detail_lines(Frame& frame, std::size_t columns) {
    const Process* process = find_process(frame.world.snapshot, frame.state.opened);
    if (process == nullptr) {
        return {{{" this process ended, and its row is gone; Esc goes back", {Style::kWarning}}}};
    }
    const std::string pid = process->pid ? std::to_string(*process->pid) : kUnknown;
    std::vector<Line> lines = {
        rule({{"pid " + pid + " " + model::printable(process->name.value_or("")), kTitle}},
             " Esc: back ", columns, frame.state.ascii)};
    add(lines, identity(frame, *process));
    add(lines, pools(frame, *process, columns));
    add(lines, held_lines(frame, *process, columns));
    return lines;
}

}  // namespace tidemark::tui
