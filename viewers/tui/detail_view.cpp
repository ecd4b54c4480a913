// SPDX-License-Identifier: Apache-2.0
//
// One process: who it is, its pools over time. What they hold: held_view.cpp.
#include <algorithm>

#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"
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

Line pool_heading(std::size_t columns) {
    const Line line = {{left(" POOL", 21) + right("NOW", 12) + right("PEAK", 12) +
                            right("ALLOCATED", 12) + right("FREED", 12) + right("BUFFERS", 10) +
                            right("ALLOC/S", 13) + right("COUNT/S", 10),
                        kDim}};
    return columns_of(line) <= columns
               ? line
               : Line{{left(" POOL", 21) + right("NOW", 12) + right("PEAK", 12) +
                           right("BUFFERS", 10) + right("ALLOC/S", 13) + right("COUNT/S", 10),
                       kDim}};
}

Line pool_figures(Frame& frame, const Process& process, const PoolUsage& pool,
                  std::size_t columns) {
    PoolUsage base;
    if (frame.state.mark) {
        const auto at = frame.state.mark->pools.find({process.image, pool.device, pool.pool});
        if (at != frame.state.mark->pools.end()) base = at->second;
    }
    const auto cell = [&](std::uint64_t PoolUsage::*which, Unit unit, std::size_t width) {
        const Span span =
            frame.cells.amount({pool.*which, pool.exact}, {base.*which, base.exact}, unit);
        return Span{right(span.text, width), span.look};
    };
    const PoolKey key{process.image, pool.device, pool.pool};
    const auto speed = [&](const std::optional<std::uint64_t>& value, Unit unit,
                           std::size_t width) {
        const Span span = frame.cells.rate({value, pool.exact}, unit);
        return Span{right(span.text, width), span.look};
    };
    const std::string name =
        model::cut(pool_label(pool.device, pool.pool_name), 19, frame.state.ascii);
    Line line = {{left(" " + name, 21), {Style::kAccent}},
                 cell(&PoolUsage::current, Unit::kBytes, 12),
                 {right(frame.cells.figures().peak(pool), 12)}};
    if (columns >= 102) {
        line.push_back(cell(&PoolUsage::total_allocated, Unit::kBytes, 12));
        line.push_back(cell(&PoolUsage::total_freed, Unit::kBytes, 12));
    }
    line.push_back(cell(&PoolUsage::live, Unit::kCount, 10));
    line.push_back(speed(frame.world.trails.bytes_per_second(key), Unit::kBytes, 13));
    line.push_back(speed(frame.world.trails.count_per_second(key), Unit::kCount, 10));
    return line;
}

// From the lowest to the highest that was seen, which stand beside it.
std::vector<Line> trail_lines(const Trail& trail, std::size_t columns, bool ascii) {
    const auto range = range_of(trail.current);
    if (!range || trail.current.size() < 2) return {};
    const std::string span = " " + model::format_bytes(range->first) + " to " +
                             model::format_bytes(range->second) + " in " +
                             model::format_duration((trail.seconds - 1) * 1000);
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
    std::vector<Line> lines = {
        rule({{"pools over time", kTitle}}, " graphs: seen by this viewer ", columns, ascii),
        pool_heading(columns)};
    for (const PoolUsage& pool : process.usage) {
        lines.push_back(pool_figures(frame, process, pool, columns));
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
