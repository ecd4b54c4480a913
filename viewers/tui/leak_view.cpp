// SPDX-License-Identifier: Apache-2.0
//
// Suspects: pools of processes whose count of live buffers only grew while this viewer looked, and pools of devices whose
// published history only grew. Hints, not proofs: a cache that fills looks the same.
#include <algorithm>

#include "viewers/model/names.hpp"
#include "viewers/model/status_lines.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"
#include "viewers/tui/grid.hpp"
#include "viewers/tui/views.hpp"

namespace tidemark::tui {
namespace {

// Below this many samples nothing is said at all.
constexpr std::size_t kLeastSamples = 8;

constexpr const char* kHint =
    "Hints, not proofs: a cache that fills looks the same. What ended programs left: `tidemark "
    "leaks`.";

struct Suspect {
    const model::Process* process;
    const model::PoolUsage* pool;
    const Trail* trail;
    std::uint64_t grown;  // buffers
};

std::vector<Suspect> suspects_of(const World& world, const State& state) {
    std::vector<Suspect> found;
    for (const model::Process& process : world.snapshot.processes) {
        if (process.exited || (state.uid && process.uid != *state.uid)) continue;
        if (!matches(process, state.filter)) continue;
        for (const model::PoolUsage& pool : process.usage) {
            const Trail* trail = world.trails.find({process.image, pool.device, pool.pool});
            if (trail != nullptr && model::only_grows(trail->live, kLeastSamples)) {
                found.push_back(
                    {&process, &pool, trail, pool.live - std::min(pool.live, trail->live.front())});
            }
        }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Suspect& a, const Suspect& b) { return a.grown > b.grown; });
    return found;
}

Grid suspect_grid(bool ascii) {
    return Grid({{"PID", 7},
                 {"NAME", 14, true, 9},
                 {"POOL", 17, true, 13},
                 {"BUFFERS", 11, false, 0, 1},
                 {"GREW BY", 10},
                 {"WATCHED", 12, false, 0, 2},
                 {"", 0, true, 0, 3}},
                ascii);
}

Line suspect_cells(Frame& frame, const Suspect& suspect, std::size_t columns) {
    const model::Process& process = *suspect.process;
    const bool is_long = suspect.trail->seconds >= double{model::kLeastGrowthSeconds};
    const Values values(suspect.trail->live.begin(), suspect.trail->live.end());
    const std::size_t wide = columns > 96 ? 24 : 8;
    return {{process.pid ? std::to_string(*process.pid) : kUnknown},
            {model::cut(model::printable(process.name.value_or("")), 14, frame.state.ascii)},
            {model::cut(pool_label(suspect.pool->device, suspect.pool->pool_name), 17,
                        frame.state.ascii),
             {Style::kAccent}},
            {frame.cells.figures().live(*suspect.pool), kBold},
            {"+" + model::format_count(suspect.grown), {Style::kWarning}},
            {model::format_duration(milliseconds(*suspect.trail)),
             {is_long ? Style::kPlain : Style::kDim}},
            {" " + graph(values, wide, 1, frame.state.ascii, suspect.trail->live.front())[0],
             {Style::kWarning}}};
}

std::string no_growth(const Frame& frame) {
    if (frame.world.growth) {
        return frame.world.growth->is_judged ? " none" : " none; a minute of history is needed";
    }
    if (frame.world.snapshot.collector.state == model::CollectorState::kNone) {
        return " no collector, so no history is known";
    }
    const char* dots = frame.state.ascii ? " ..." : " …";
    return frame.state.paused ? " not read while paused (u)"
                              : " reading the history" + std::string(dots);
}

std::vector<Line> growth_lines(const Frame& frame, std::size_t columns) {
    if (!frame.world.growth || frame.world.growth->growing.empty()) {
        return {{{no_growth(frame), frame.world.growth ? kDim : Look{Style::kWarning}}}};
    }
    const bool ascii = frame.state.ascii;
    Grid grid({{"", 21, true, 8}, {""}, {"", 0, true}}, ascii);
    for (const model::Growth& one : frame.world.growth->growing) {
        grid.add({{pool_label(one.device, one.pool_name), {Style::kAccent}},
                  {"from " + model::format_bytes(one.from_bytes) + " to " +
                   model::format_bytes(one.to_bytes)},
                  {"in " + model::format_duration(one.span_ms)}});
    }
    return grid.lines(columns);
}

}  // namespace

std::vector<Line> leak_lines(Frame& frame, std::size_t columns) {
    const bool ascii = frame.state.ascii;
    Grid grid = suspect_grid(ascii);
    const std::vector<Suspect> suspects = suspects_of(frame.world, frame.state);
    for (const Suspect& suspect : suspects)
        grid.add(suspect_cells(frame, suspect, columns));
    std::vector<Line> lines = {
        rule({{"leak suspects: live buffers that only grow", kTitle}},
             frame.state.mark ? " as seen by this viewer, not since the mark " : " Esc: back ",
             columns, ascii),
        grid.heading(columns)};
    const auto add = [&lines](const std::vector<Line>& more) {
        lines.insert(lines.end(), more.begin(), more.end());
    };
    add(grid.lines(columns));
    if (suspects.empty()) {
        lines.push_back(
            {{" none so far; a program must be seen 8 times, a second apart at least", kDim}});
    }
    lines.push_back(
        rule({{"pools of devices that only grow", kTitle}}, " published history ", columns, ascii));
    add(growth_lines(frame, columns));
    for (const std::string& text : model::wrapped(kHint, columns - 2))
        lines.push_back({{" " + text, kDim}});
    return lines;
}

}  // namespace tidemark::tui
