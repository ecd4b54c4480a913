// SPDX-License-Identifier: Apache-2.0
//
// Panels of the devices, two side by side where there is width; where there is not enough height, a line a device.
#include <algorithm>

#include "viewers/tui/device_panel.hpp"

namespace tidemark::tui {
namespace {

constexpr std::size_t kGap = 2;           // between panels side by side
constexpr std::size_t kWideEnough = 156;  // for two of them

// `right` beside `left`, which is filled up to `columns`.
void put_beside(std::vector<Line>& left_lines, const std::vector<Line>& right_lines,
                std::size_t columns) {
    for (std::size_t i = 0; i < right_lines.size(); ++i) {
        if (i == left_lines.size()) left_lines.emplace_back();
        const std::size_t have = columns_of(left_lines[i]);
        left_lines[i].push_back({std::string(columns > have ? columns - have : 0, ' '), {}});
        left_lines[i].insert(left_lines[i].end(), right_lines[i].begin(), right_lines[i].end());
    }
}

bool are_two(const std::vector<model::Device>& devices, std::size_t columns) {
    return columns >= kWideEnough && devices.size() > 1;
}

// As high as panels() will be, without drawing what may not fit.
std::size_t panels_height(Frame& frame, std::size_t columns) {
    const auto& devices = frame.world.snapshot.devices;
    const std::size_t step = are_two(devices, columns) ? 2 : 1;
    std::size_t height = 0;
    for (std::size_t i = 0; i < devices.size(); i += step) {
        const bool has_second = step == 2 && i + 1 < devices.size();
        height += std::max(panel_height(frame, devices[i]),
                           has_second ? panel_height(frame, devices[i + 1]) : 0);
    }
    return height;
}

std::vector<Line> panels(Frame& frame, std::size_t columns) {
    const auto& devices = frame.world.snapshot.devices;
    std::vector<Line> lines;
    const bool two = are_two(devices, columns);
    const std::size_t each = two ? (columns - kGap) / 2 : columns;
    for (std::size_t i = 0; i < devices.size(); i += two ? 2 : 1) {
        std::vector<Line> row = panel(frame, devices[i], each, i == 0);
        if (two && i + 1 < devices.size()) {
            put_beside(row, panel(frame, devices[i + 1], each, i == 0), each + kGap);
        }
        lines.insert(lines.end(), row.begin(), row.end());
    }
    return lines;
}

// What of them is in sight, and how much is not.
std::vector<Line> scrolled(std::vector<Line> lines, std::size_t first, std::size_t rows) {
    if (lines.size() <= rows) return lines;
    const std::size_t most = lines.size() - rows + 1;
    first = std::min(first, most);
    std::vector<Line> shown(lines.begin() + static_cast<std::ptrdiff_t>(first),
                            lines.begin() + static_cast<std::ptrdiff_t>(first + rows - 1));
    const std::string above = first == 0 ? "" : " " + std::to_string(first) + " above,";
    shown.push_back({{above + " " + std::to_string(most - first) + " below; [ ] scroll the devices",
                      {Style::kWarning}}});
    return shown;
}

std::vector<Line> small_lines(Frame& frame, std::size_t columns, std::size_t rows) {
    const auto& devices = frame.world.snapshot.devices;
    std::vector<Line> lines;
    const bool two = are_two(devices, columns);
    const std::size_t each = two ? (columns - kGap) / 2 : columns;
    for (std::size_t i = 0; i < devices.size(); i += two ? 2 : 1) {
        if (lines.size() + 1 == rows && i + (two ? 2 : 1) < devices.size()) {
            lines.push_back({{" " + std::to_string(devices.size() - i) +
                                  " more devices: a taller window, -d, or d and [ ] show them",
                              kDim}});
            return lines;
        }
        std::vector<Line> row = {small_line(frame, devices[i], each)};
        if (two && i + 1 < devices.size()) {
            put_beside(row, {small_line(frame, devices[i + 1], each)}, each + kGap);
        }
        lines.insert(lines.end(), row.begin(), row.end());
    }
    return lines;
}

}  // namespace

std::size_t devices_height(Frame& frame, std::size_t columns) {
    const auto& devices = frame.world.snapshot.devices;
    if (frame.state.panels == Panels::kNone) return 0;
    if (frame.state.panels != Panels::kSmall) return panels_height(frame, columns);
    return are_two(devices, columns) ? (devices.size() + 1) / 2 : devices.size();
}

std::vector<Line> device_lines(Frame& frame, std::size_t columns, std::size_t rows) {
    const Panels chosen = frame.state.panels;
    if (chosen == Panels::kNone || rows == 0 || frame.world.snapshot.devices.empty()) return {};
    if (chosen == Panels::kLarge) {
        return scrolled(panels(frame, columns), frame.state.device_line, rows);
    }
    const bool is_large = chosen == Panels::kAuto && panels_height(frame, columns) <= rows;
    return is_large ? panels(frame, columns) : small_lines(frame, columns, rows);
}

}  // namespace tidemark::tui
