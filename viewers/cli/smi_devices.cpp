// SPDX-License-Identifier: Apache-2.0
//
// The table of devices: what the sensors say, and how full the main memory is with what programs allocated.
#include <algorithm>

#include "viewers/cli/smi_page.hpp"
#include "viewers/model/breakdown.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/sensor_text.hpp"

namespace tidemark::cli {
namespace {

constexpr std::size_t kNameColumn = 1;

struct DeviceRow {
    std::string device;
    std::string name;
    model::SensorText sensors;
    Line memory;  // used, total, full
};

// Columns that not every machine has something for, the least important first to go.
struct ExtraColumn {
    GridColumn column;
    std::string model::SensorText::*text;
};
const ExtraColumn kExtras[] = {
    {{"Clock", Align::kRight, 0, 1}, &model::SensorText::clock},
    {{"PCI", Align::kLeft, 0, 2}, &model::SensorText::pci},
    {{"Fan", Align::kRight, 0, 3}, &model::SensorText::fan},
    {{"Voltage", Align::kRight, 0, 4}, &model::SensorText::voltage},
};

bool is_known_somewhere(const ExtraColumn& extra, const std::vector<DeviceRow>& rows) {
    return std::any_of(rows.begin(), rows.end(), [&extra](const DeviceRow& row) {
        return row.sensors.*extra.text != kUnknown;
    });
}

Grid device_grid(const std::vector<DeviceRow>& rows) {
    std::vector<GridColumn> columns = {{"Dev"},
                                       {"Name", Align::kLeft, 12},
                                       {"Temp", Align::kRight},
                                       {"Power", Align::kRight},
                                       {"Util", Align::kRight}};
    for (const ExtraColumn& extra : kExtras) {
        if (is_known_somewhere(extra, rows)) {
            columns.push_back(extra.column);
        }
    }
    columns.insert(
        columns.end(),
        {{"Memory used", Align::kRight}, {"Total", Align::kRight}, {"Full", Align::kRight}});
    Grid grid(std::move(columns));
    for (const DeviceRow& row : rows) {
        Line cells = {{row.device, Style::kAccent},
                      {row.name},
                      {row.sensors.temperature},
                      {row.sensors.power},
                      {row.sensors.utilization}};
        for (const ExtraColumn& extra : kExtras) {
            if (is_known_somewhere(extra, rows)) {
                cells.push_back({row.sensors.*extra.text});
            }
        }
        cells.insert(cells.end(), row.memory.begin(), row.memory.end());
        grid.row(std::move(cells));
    }
    return grid;
}

Line unknown_memory() { return {{kUnknown, Style::kBold}, {kUnknown}, {kUnknown}}; }

// DRAM of an accelerator, the memory of the host. What else a device has stands in the next section.
Line main_memory(SmiPage& page, const model::Device& device) {
    const std::uint32_t main =
        device.device == TIDEMARK_DEVICE_HOST ? TIDEMARK_MEMORY_HOST : TIDEMARK_MEMORY_DRAM;
    for (const model::Breakdown& memory : model::breakdown(page.snapshot, device)) {
        if (memory.memory == main) {
            const auto& [what, allocated, exact] = memory.total;
            const Fullness full = fullness(allocated, memory.capacity, 0, true);
            return {{page.figures.sum(allocated, exact), Style::kBold},
                    {memory.capacity ? page.figures.bytes(*memory.capacity) : kUnknown},
                    {full.percent, full.style}};
        }
    }
    return unknown_memory();
}

std::optional<sensors::Reading> reading_of(const model::Snapshot& snapshot, std::uint32_t device) {
    if (!snapshot.hardware) {
        return std::nullopt;
    }
    const auto at = snapshot.hardware->readings.find(device);
    return at != snapshot.hardware->readings.end() ? std::optional(at->second) : std::nullopt;
}

}  // namespace

void draw_devices(SmiPage& page) {
    std::vector<DeviceRow> rows;
    const auto text = [&](const std::optional<sensors::Reading>& reading) {
        return model::sensor_text(reading, page.look.units, page.terminal.ascii());
    };
    for (const model::Device& device : page.snapshot.devices) {
        rows.push_back({model::device_word(device.device), or_unknown(device.name),
                        text(reading_of(page.snapshot, device.device)), main_memory(page, device)});
    }
    if (page.snapshot.hardware) {
        for (const sensors::Reading& card : page.snapshot.hardware->unassigned) {
            rows.push_back({sensors::source_word(card.source),
                            or_unknown(card.card_type ? card.card_type : card.name), text(card),
                            unknown_memory()});
        }
    }
    if (rows.empty()) {
        page.frame.rule();
        page.note("no device has been seen yet");
    }
    page.add(device_grid(rows), kNameColumn);
}

}  // namespace tidemark::cli
