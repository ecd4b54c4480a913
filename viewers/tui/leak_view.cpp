// SPDX-License-Identifier: Apache-2.0
//
// Suspects: pools of processes whose count of live buffers only grew while this viewer looked, and pools of devices whose
// published history only grew. Hints, not proofs: a cache that fills looks the same.
#include <algorithm>

#include "viewers/model/names.hpp"
#include "viewers/model/status_lines.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"
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

std::string pool_text(std::uint32_t device, const std::string& name) {
    return (device == TIDEMARK_DEVICE_HOST ? std::string("host") : model::device_word(device)) +
           " " + model::printable(name);
}

std::vector<Suspect> suspects_of(const World& world, const State& state) {
    std::vector<Suspect> found;
    for (const model::Process& process : world.snapshot.processes) {
        if (process.exited || (state.uid && process.uid != *state.uid)) continue;
        if (!matches(process, state.filter)) continue;
        for (const model::PoolUsage& pool : process.usage) {
            const Trail* trail = world.trails.find({process.image, pool.device, pool.pool});
            if (trail != nullptr && model::only_grows(trail->live, kLeastSamples)) {
                found.push_back({&process, &pool, trail, pool.live - trail->live.front()});
            }
        }
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Suspect& a, const Suspect& b) { return a.grown > b.grown; });
    return found;
}

Line suspect_line(Frame& frame, const Suspect& suspect, std::size_t columns) {
    const model::Process& process = *suspect.process;
    const bool is_long = suspect.trail->seconds >= model::kLeastGrowthSeconds;
    Values values;
    for (const std::uint64_t live : suspect.trail->live)
        values.push_back(live);
    const std::size_t wide = columns > 96 ? 24 : 8;
    return {
        {right(process.pid ? std::to_string(*process.pid) : kUnknown, 8) + " "},
        {left(model::cut(model::printable(process.name.value_or("")), 14, frame.state.ascii), 15)},
        {left(model::cut(pool_text(suspect.pool->device, suspect.pool->pool_name), 17,
                         frame.state.ascii),
              18),
         {Style::kAccent}},
        {right(frame.cells.figures().live(*suspect.pool), 11), kBold},
        {right("+" + model::format_count(suspect.grown), 11), {Style::kWarning}},
        {right(model::format_duration(suspect.trail->seconds * 1000), 13),
         {is_long ? Style::kPlain : Style::kDim}},
        {"  " + graph(values, wide, 1, frame.state.ascii, suspect.trail->live.front())[0],
         {Style::kWarning}}};
}

}  // namespace

std::vector<Line> leak_lines(Frame& frame, std::size_t columns) {
    const bool ascii = frame.state.ascii;
    const std::vector<Suspect> suspects = suspects_of(frame.world, frame.state);
    std::vector<Line> lines = {
        rule({{"leak suspects: live buffers that only grow", kTitle}}, " Esc: back ", columns,
             ascii),
        {{right("PID", 8) + " " + left("NAME", 15) + left("POOL", 18) + right("BUFFERS", 11) +
              right("GREW BY", 11) + right("WATCHED", 13),
          kDim}}};
    for (const Suspect& suspect : suspects)
        lines.push_back(suspect_line(frame, suspect, columns));
    if (suspects.empty()) {
        lines.push_back({{" none so far; a program must be watched for 8 s at least", kDim}});
    }
    lines.push_back(
        rule({{"pools of devices that only grow", kTitle}}, " published history ", columns, ascii));
    for (const model::Growth& growth : frame.world.growing) {
        lines.push_back(
            {{" " + left(pool_text(growth.device, growth.pool_name), 22), {Style::kAccent}},
             {"from " + model::format_bytes(growth.from_bytes) + " to "},
             {model::format_bytes(growth.to_bytes), kBold},
             {" in " + model::format_duration(growth.span_ms)}});
    }
    if (frame.world.growing.empty()) {
        lines.push_back({{" none; a minute of history is needed", kDim}});
    }
    for (const std::string& text : model::wrapped(kHint, columns - 2))
        lines.push_back({{" " + text, kDim}});
    return lines;
}

}  // namespace tidemark::tui
