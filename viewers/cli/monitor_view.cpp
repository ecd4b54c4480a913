// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/monitor_view.hpp"

#include <algorithm>

#include "viewers/cli/smi_page.hpp"
#include "viewers/cli/status_lines.hpp"
#include "viewers/model/breakdown.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/region_text.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

#ifdef TRACY_ENABLE
constexpr const char* kTracy = "Tracy: compiled in";
#else
constexpr const char* kTracy = "Tracy: not compiled in";
#endif

constexpr std::size_t kNameWidth = 14;
constexpr std::size_t kFigureWidth = 10;

std::string right(const std::string& text, std::size_t width) {
    const std::size_t have = model::columns_of(text);
    return std::string(width > have ? width - have : 0, ' ') + text;
}

std::string left(const std::string& text, std::size_t width) {
    const std::size_t have = model::columns_of(text);
    return text + std::string(width > have ? width - have : 0, ' ');
}

const model::Device* find(const model::Snapshot& snapshot, std::uint32_t number) {
    for (const model::Device& device : snapshot.devices) {
        if (device.device == number) {
            return &device;
        }
    }
    return nullptr;
}

// Of all pools of a device together; empty: unknown.
struct Counts {
    std::optional<std::uint64_t> buffers, allocations, frees;
    bool exact = true;
};

Counts counts_of(const model::Snapshot& snapshot, const model::Device& device) {
    const auto none = device.pools.empty() ? model::allocated_without_row(snapshot)
                                           : std::optional<std::uint64_t>(0);
    Counts counts{none, none, none, true};
    for (const model::PoolUsage& pool : device.pools) {
        *counts.buffers += pool.live;
        *counts.allocations += pool.allocations;
        *counts.frees += pool.frees;
        counts.exact = counts.exact && pool.exact;
    }
    return counts;
}

class Monitor {
public:
    Monitor(const model::Snapshot& snapshot, const MonitorLook& look, const Terminal& terminal)
        : snapshot_(snapshot),
          look_(look),
          terminal_(terminal),
          page_(snapshot, {look.width, look.units, look.header}, terminal) {}

    std::string text() {
        if (look_.header) {
            title();
        }
        for (const std::uint32_t device : look_.devices) {
            block(device);
        }
        page_.frame.rule();
        for (const StatusLine& status : status_lines(snapshot_, page_.figures, terminal_.ascii())) {
            for (const std::string& line : wrapped(status.text, page_.frame.inner_width())) {
                page_.frame.line({{line, status.style}});
            }
        }
        for (const std::string& note : page_.figures.footnotes()) {
            page_.frame.line({{note, Style::kDim}});
        }
        return page_.frame.render(terminal_);
    }

private:
    void title();
    void block(std::uint32_t number);
    void pools(const model::Device& device);
    void pool_row(const std::string& name, const model::Part& part,
                  const std::optional<std::uint64_t>& capacity);
    std::string count(const std::optional<std::uint64_t>& value, bool exact) {
        return value ? (exact ? "" : "~") + page_.figures.count(*value) : kUnknown;
    }

    const model::Snapshot& snapshot_;
    const MonitorLook& look_;
    const Terminal& terminal_;
    SmiPage page_;
};

void Monitor::title() {
    std::string time = model::format_iso_time(snapshot_.time_unix_ns).substr(0, 19);
    time[10] = ' ';
    page_.frame.line(spread({{"Tidemark memory monitor", Style::kBold}}, {{kTracy, Style::kDim}},
                            page_.frame.inner_width()));
    std::string devices;
    for (const std::uint32_t device : look_.devices) {
        devices += (devices.empty() ? "" : ", ") + model::device_word(device);
    }
    const std::string refresh =
        look_.single ? "once" : "every " + std::to_string(look_.refresh_ms) + " ms";
    page_.frame.line(spread({{time + "   " + refresh, Style::kPlain}},
                            {{look_.devices.size() == 1 ? "device " : "devices ", Style::kDim},
                             {devices.empty() ? "none" : devices, Style::kPlain}},
                            page_.frame.inner_width()));
}

void Monitor::pool_row(const std::string& name, const model::Part& part,
                       const std::optional<std::uint64_t>& capacity) {
    const std::string used = page_.figures.sum(part.allocated, part.exact);
    const std::string total = capacity ? page_.figures.bytes(*capacity) : kUnknown;
    // Fixed, so that the bars of all devices begin and end alike.
    const std::size_t width = page_.frame.inner_width();
    const std::size_t columns = width - std::min(width - 1, kNameWidth + kFigureWidth * 2 + 13);
    const Fullness full = fullness(part.allocated, capacity, columns, terminal_.ascii());
    page_.frame.line({{left(model::cut(name, kNameWidth, terminal_.ascii()), kNameWidth)},
                      {right(used, kFigureWidth), Style::kBold},
                      {" / " + left(total, kFigureWidth) + " "},
                      {left(full.bar, columns), full.style},
                      {right(full.percent, 9), full.style}});
}

// The older client's rows: DRAM and L1 always, any other pool where something lies in it. Each figure is one pool;
// capacities belong to the memories that the pools lie in.
void Monitor::pools(const model::Device& device) {
    const auto none = model::allocated_without_row(snapshot_);
    const auto show = [&](std::uint32_t number, const std::string& name, std::uint32_t in) {
        model::Part part{name, none, true};
        for (const model::PoolUsage& pool : device.pools) {
            part = pool.pool == number ? model::Part{name, pool.current, pool.exact} : part;
        }
        std::optional<std::uint64_t> capacity;
        for (const model::Memory& memory : device.memories) {
            capacity = memory.memory == in ? memory.capacity : capacity;
        }
        pool_row(name, part, capacity);
    };
    const bool host = device.device == TIDEMARK_DEVICE_HOST;
    if (host) {
        show(TIDEMARK_POOL_SYSTEM_MEMORY, "SYS_MEM", TIDEMARK_MEMORY_HOST);
    } else {
        show(TIDEMARK_POOL_DRAM, "DRAM", TIDEMARK_MEMORY_DRAM);
        show(TIDEMARK_POOL_L1, "L1", TIDEMARK_MEMORY_L1);
    }
    for (const model::PoolUsage& pool : device.pools) {
        const bool shown = host ? pool.pool == TIDEMARK_POOL_SYSTEM_MEMORY
                                : pool.pool == TIDEMARK_POOL_DRAM || pool.pool == TIDEMARK_POOL_L1;
        if (!shown && pool.current != 0) {
            const bool system = pool.pool == TIDEMARK_POOL_SYSTEM_MEMORY;
            show(pool.pool, system ? "SYS_MEM" : model::printable(pool.pool_name), pool.memory);
        }
    }
}

void Monitor::block(std::uint32_t number) {
    model::Device unseen;
    unseen.device = number;
    const model::Device* found = find(snapshot_, number);
    const model::Device& device = found != nullptr ? *found : unseen;
    const Counts counts = counts_of(snapshot_, device);
    page_.frame.rule();
    const std::string word = number == TIDEMARK_DEVICE_HOST
                                 ? std::string("Host")
                                 : "Device " + model::device_word(number);
    page_.frame.line(
        {{word, Style::kAccent}, {device.name ? "  " + model::printable(*device.name) : ""}});
    pools(device);
    page_.frame.line({{"Active buffers "},
                      {count(counts.buffers, counts.exact), Style::kBold},
                      {"   Total allocations "},
                      {count(counts.allocations, counts.exact), Style::kBold},
                      {"   Total frees "},
                      {count(counts.frees, counts.exact), Style::kBold}});
    for (const std::string& told : model::region_sentences(snapshot_, number, page_.figures)) {
        page_.frame.line({{told, Style::kDim}});
    }
}

}  // namespace

std::string monitor_text(const model::Snapshot& snapshot, const MonitorLook& look,
                         const Terminal& terminal) {
    return Monitor(snapshot, look, terminal).text();
}

std::string monitor_start_text(const model::Snapshot& snapshot) {
    const std::string instance = model::printable(snapshot.collector.instance);
    if (snapshot.collector.state == model::CollectorState::kRunning) {
        return "Seeing all tracked processes, through the collector with pid " +
               std::to_string(snapshot.collector.pid) + " (instance " + instance + ")\n";
    }
    return "Seeing the last figures of a collector that does not answer (instance " + instance +
           ")\n";
}

}  // namespace tidemark::cli
