// SPDX-License-Identifier: Apache-2.0
//
// What lies in each memory of a device, with a bar a line, and the pools with their peaks and counts.
#include "viewers/cli/smi_page.hpp"
#include "viewers/model/breakdown.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/text.hpp"

namespace tidemark::cli {
namespace {

constexpr std::size_t kMemoryColumn = 1;
constexpr std::size_t kPoolColumn = 1;

// A line of the breakdown; the device stands before its first.
class Bars {
public:
    explicit Bars(SmiPage& page)
        : page_(page),
          grid_({{"Dev"},
                 {"Memory"},
                 {"Used", Align::kRight},
                 {"Total", Align::kRight},
                 {"", Align::kLeft, 0, 1},
                 {"Full", Align::kRight}}) {}

    void begin(const std::string& device) { device_ = device; }
    void line(const std::string& what, const std::string& used,
              const std::optional<std::uint64_t>& bytes,
              const std::optional<std::uint64_t>& capacity, bool show_capacity) {
        const std::size_t columns = page_.look.width >= 100 ? 40 : 10;
        const Fullness full = fullness(bytes, capacity, columns, page_.terminal.ascii());
        std::string total;
        if (show_capacity) {
            total = capacity ? page_.figures.bytes(*capacity) : kUnknown;
        }
        grid_.row({{device_, Style::kAccent},
                   {what},
                   {used, Style::kBold},
                   {total},
                   {full.bar, full.style},
                   {full.percent, full.style}});
        device_.clear();
    }
    void part(const std::string& what, const model::Part& part,
              const std::optional<std::uint64_t>& capacity, bool show_capacity) {
        line(what, page_.figures.sum(part.allocated, part.exact), part.allocated, capacity,
             show_capacity);
    }
    Grid take() { return std::move(grid_); }

private:
    SmiPage& page_;
    Grid grid_;
    std::string device_;
};

void add_memory(Bars& bars, const model::Breakdown& memory) {
    if (!memory.total.allocated) {
        return;  // the table of devices said so already
    }
    const std::string word = model::memory_word(memory.memory);
    const bool split = !memory.parts.empty() && *memory.total.allocated != 0;
    for (const model::Part& part : memory.parts) {
        if (split) {
            bars.part(word + " " + part.what, part, memory.capacity, false);
        }
    }
    bars.part(split ? word + " " + memory.total.what : word, memory.total, memory.capacity, true);
}

// All that is in use, tracked or not, where a driver or the kernel tells it.
void add_told(SmiPage& page, Bars& bars, const sensors::Reading& reading) {
    if (reading.memory_used && reading.memory_total) {
        bars.line("in use, all programs", page.figures.bytes(*reading.memory_used),
                  reading.memory_used, reading.memory_total, true);
    }
}

}  // namespace

void draw_memories(SmiPage& page) {
    Bars bars(page);
    const auto& hardware = page.snapshot.hardware;
    for (const model::Device& device : page.snapshot.devices) {
        bars.begin(model::device_word(device.device));
        for (const model::Breakdown& memory : model::breakdown(page.snapshot, device)) {
            add_memory(bars, memory);
        }
        if (hardware && hardware->readings.contains(device.device)) {
            add_told(page, bars, hardware->readings.at(device.device));
        }
    }
    if (hardware) {
        for (const sensors::Reading& card : hardware->unassigned) {
            bars.begin(sensors::source_word(card.source));
            add_told(page, bars, card);
        }
    }
    page.add(bars.take(), kMemoryColumn);
}

void draw_pools(SmiPage& page) {
    Grid grid({{"Dev"},
               {"Pool", Align::kLeft, 13},
               {"Allocated", Align::kRight},
               {"Peak", Align::kRight},
               {"Live", Align::kRight},
               {"Allocations", Align::kRight, 0, 1},
               {"Frees", Align::kRight, 0, 2},
               {"Total allocated", Align::kRight, 0, 3}});
    Figures& figures = page.figures;
    for (const model::Device& device : page.snapshot.devices) {
        for (const model::PoolUsage& pool : device.pools) {
            grid.row({{&pool == device.pools.data() ? model::device_word(device.device) : "",
                       Style::kAccent},
                      {model::printable(pool.pool_name)},
                      {figures.current(pool), Style::kBold},
                      {figures.peak(pool)},
                      {figures.live(pool)},
                      {figures.allocations(pool)},
                      {figures.frees(pool)},
                      {figures.total_allocated(pool)}});
        }
    }
    page.add(std::move(grid), kPoolColumn);
}

}  // namespace tidemark::cli
