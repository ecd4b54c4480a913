// SPDX-License-Identifier: Apache-2.0
//
// One device: a panel of a title and a line a pool, or one line with a bar for each memory.
#include <algorithm>

#include "viewers/model/names.hpp"
#include "viewers/model/region_text.hpp"
#include "viewers/model/sensor_text.hpp"
#include "viewers/model/text.hpp"
#include "viewers/tui/device_panel.hpp"

namespace tidemark::tui {
namespace {

constexpr std::size_t kNarrow = 100;  // below it names are short
constexpr std::size_t kFigure = 11;
constexpr std::size_t kRateWidth = 12;
constexpr std::size_t kLeastBar = 8;
constexpr std::size_t kLeastTitle = 16;

std::string device_title(const model::Device& device, bool is_short) {
    const std::string name = device.name ? model::printable(*device.name) : "";
    if (device.device == TIDEMARK_DEVICE_HOST) {
        return name.empty() || name == "host" ? "host" : "host " + name;
    }
    const std::string number = model::device_word(device.device);
    return name.empty() ? "device " + number : (is_short ? "" : "device ") + number + " " + name;
}

std::optional<std::uint64_t> capacity_of(const model::Device& device, std::uint32_t memory) {
    for (const model::Memory& one : device.memories) {
        if (one.memory == memory) return one.capacity;
    }
    return std::nullopt;
}

std::optional<double> share(const std::optional<std::uint64_t>& used,
                            const std::optional<std::uint64_t>& capacity) {
    if (!used || capacity.value_or(0) == 0) return std::nullopt;
    return static_cast<double>(*used) / static_cast<double>(*capacity);
}

Values history_of(const World& world, const model::PoolUsage& pool) {
    Values values;
    for (const model::PoolHistory& history : world.history) {
        if (history.device != pool.device || history.pool != pool.pool) continue;
        for (const model::HistoryPoint& point : history.points)
            values.push_back(point.highest);
    }
    return values;
}

// How the columns of a pool's line share a width: name, bar, figures, graph.
struct Widths {
    std::size_t name, bar, graph;
    bool has_of, has_rate;

    explicit Widths(std::size_t columns)
        : name(columns < kNarrow ? 10 : 16), has_of(columns >= 70), has_rate(columns >= 60) {
        const std::size_t figures = kFigure * (has_of ? 3 : 2) + (has_rate ? kRateWidth : 0) + 3;
        const std::size_t rest = columns > name + figures ? columns - name - figures : 0;
        graph = std::clamp<std::size_t>(rest / 2, 6, 60);
        bar = std::max(rest > graph ? rest - graph : 0, kLeastBar);
    }
    std::string caption() const {
        return right("now", kFigure) + (has_of ? right("of", kFigure) : "") +
               right("peak", kFigure) + (has_rate ? right("alloc/s", kRateWidth) : "") + "  " +
               left("last minute", graph) + " ";
    }
};

// As the older monitor calls it, where there is no room for the name.
std::string pool_name(const model::PoolUsage& pool, const Widths& widths, bool ascii) {
    const bool is_long = pool.pool == TIDEMARK_POOL_SYSTEM_MEMORY && widths.name < 14;
    return " " + left(model::cut(is_long ? "SYS_MEM" : model::printable(pool.pool_name),
                                 widths.name - 2, ascii),
                      widths.name - 1);
}

Line pool_line(Frame& frame, const model::Device& device, const model::PoolUsage& pool,
               std::size_t columns) {
    const Widths widths(columns);
    const bool ascii = frame.state.ascii;
    const auto capacity = capacity_of(device, pool.memory);
    model::PoolUsage base;
    if (frame.state.mark) {
        const auto at = frame.state.mark->pools.find({0, pool.device, pool.pool});
        if (at != frame.state.mark->pools.end()) base = at->second;
    }
    Line line = {{pool_name(pool, widths, ascii)}};
    for (Span& span : bar(share(pool.current, capacity), widths.bar, ascii))
        line.push_back(span);
    Span now =
        frame.cells.amount({pool.current, pool.exact}, {base.current, base.exact}, Unit::kBytes);
    now.look.bold = now.look.style == Style::kPlain;
    line.push_back({right(now.text, kFigure), now.look});
    if (widths.has_of) {
        line.push_back(
            {right(capacity ? frame.cells.figures().bytes(*capacity) : kUnknown, kFigure), kDim});
    }
    const Span peak = frame.cells.peak(pool, base);
    line.push_back({right(peak.text, kFigure), peak.look});
    if (widths.has_rate) {
        const Span text = frame.cells.rate(
            {frame.world.trails.bytes_per_second({0, pool.device, pool.pool}), pool.exact},
            Unit::kBytes);
        line.push_back({right(text.text, kRateWidth), text.look});
    }
    line.push_back(
        {"  " + graph(history_of(frame.world, pool), widths.graph, 1, ascii)[0], {Style::kAccent}});
    return line;
}

// As wide as the longest title, but for a quarter of the line at most.
std::size_t small_title_width(const std::vector<model::Device>& devices, std::size_t columns) {
    std::size_t longest = 0;
    for (const model::Device& device : devices)
        longest = std::max(longest, model::columns_of(device_title(device, true)));
    return std::clamp<std::size_t>(longest + 2, kLeastTitle, std::max(kLeastTitle, columns / 4));
}

// What its sensors say, and tt-metal's regions of programs that tell nothing; empty where nothing is known.
std::string note_of(Frame& frame, const model::Device& device) {
    std::string note;
    const auto add = [&note](const char* what, const std::string& known) {
        if (known != kUnknown) note += (note.empty() ? "" : "   ") + std::string(what) + known;
    };
    const auto& hardware = frame.world.snapshot.hardware;
    if (hardware && hardware->readings.contains(device.device)) {
        const model::SensorText text =
            model::sensor_text(hardware->readings.at(device.device), true, frame.state.ascii);
        add("temp ", text.temperature);
        add("power ", text.power);
        add("util ", text.utilization);
        add("clock ", text.clock);
    }
    for (const std::string& told :
         model::region_sentences(frame.world.snapshot, device.device, frame.cells.figures())) {
        add("", told);
    }
    return note;
}

}  // namespace

std::vector<Line> panel(Frame& frame, const model::Device& device, std::size_t columns,
                        bool has_caption) {
    const bool ascii = frame.state.ascii;
    const std::string caption = has_caption ? Widths(columns).caption() : "";
    const std::size_t room = columns - std::min(columns, model::columns_of(caption) + 4);
    std::vector<Line> lines = {
        rule({{model::cut(device_title(device, columns < kNarrow), room, ascii), kTitle}}, caption,
             columns, ascii)};
    for (const model::PoolUsage& pool : device.pools) {
        lines.push_back(pool_line(frame, device, pool, columns));
    }
    if (device.pools.empty()) lines.push_back({{" nothing allocated yet", kDim}});
    if (const std::string note = note_of(frame, device); !note.empty()) {
        lines.push_back({{" " + model::cut(note, columns - 1, ascii), kDim}});
    }
    return lines;
}

std::size_t panel_height(Frame& frame, const model::Device& device) {
    return 1 + std::max<std::size_t>(device.pools.size(), 1) +
           (note_of(frame, device).empty() ? 0 : 1);
}

Line small_line(Frame& frame, const model::Device& device, std::size_t columns) {
    const bool ascii = frame.state.ascii;
    const std::size_t wide = small_title_width(frame.world.snapshot.devices, columns);
    Line line = {
        {left(model::cut(device_title(device, true), wide - 1, ascii), wide), {Style::kAccent}}};
    const std::size_t count = std::max<std::size_t>(device.memories.size(), 1);
    const std::size_t each = (columns - std::min(columns, wide)) / std::max<std::size_t>(count, 2);
    for (const model::Memory& memory : device.memories) {
        const std::string word =
            memory.memory == TIDEMARK_MEMORY_HOST ? "host" : model::memory_word(memory.memory);
        bool exact = true;
        Amount base{0, true};
        for (const model::PoolUsage& pool : device.pools) {
            if (pool.memory != memory.memory) continue;
            exact = exact && pool.exact;
            if (!frame.state.mark) continue;
            const auto at = frame.state.mark->pools.find({0, pool.device, pool.pool});
            if (at != frame.state.mark->pools.end()) base += {at->second.current, at->second.exact};
        }
        const Span now = frame.cells.amount({memory.allocated, exact}, base, Unit::kBytes);
        line.push_back({left(word, 5), kDim});
        const std::size_t room = each > 19 ? each - 19 : 3;
        for (Span& span : bar(share(memory.allocated, memory.capacity), room, ascii)) {
            line.push_back(span);
        }
        line.push_back({right(now.text, 11) + "  ", now.look});
    }
    return line;
}

}  // namespace tidemark::tui
