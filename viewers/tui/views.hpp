// SPDX-License-Identifier: Apache-2.0
//
// The parts of the screen, each a function from world and state to lines or cells; render.hpp puts them together.
#pragma once

#include <string>
#include <vector>

#include "viewers/tui/cells.hpp"
#include "viewers/tui/process_rows.hpp"
#include "viewers/tui/state.hpp"
#include "viewers/tui/widgets.hpp"
#include "viewers/tui/world.hpp"

namespace tidemark::tui {

// What all views of one frame share.
struct Frame {
    const World& world;
    const State& state;
    Cells cells;

    Frame(const World& shown, const State& chosen)
        : world(shown), state(chosen), cells(chosen.ascii, chosen.mark.has_value()) {}
};

// The first row: instance, mark, filters at its left; interval and clock at its right.
Line header(const Frame& frame);
std::string header_right(const Frame& frame);

// The collector's line always; of what else must be known as many as have room.
std::vector<Line> status_rows(Frame& frame, std::size_t columns);

// The last row.
Line hints(const State& state);

// The lines that device panels would have without an end of the screen.
std::size_t devices_height(Frame& frame, std::size_t columns);

// Panels of the devices, at most `rows` lines: as large as they fit, or as was chosen.
std::vector<Line> device_lines(Frame& frame, std::size_t columns, std::size_t rows);

// What a column says of a process.
Span row_cell(Frame& frame, const ProcessRow& row, Column column);

// The process table, its heading first, exactly `rows` lines high. `cursor`: the line of the cursor, if there is one.
struct Table {
    std::vector<Line> lines;
    std::optional<std::size_t> cursor;
    std::vector<Column> columns;  // those that had room
};
Table process_lines(Frame& frame, std::size_t columns, std::size_t rows);

// Everything about the process that is open; longer than the screen, perhaps.
std::vector<Line> detail_lines(Frame& frame, std::size_t columns);

// What it holds, as far as it is known by now: sizes, buffers, call sites.
std::vector<Line> held_lines(const Frame& frame, const model::Process& process,
                             std::size_t columns);

// How large its allocations were, from the smallest to the largest size that occurred, all its pools together.
std::vector<Line> histogram_lines(const Frame& frame, const Detail& detail, std::size_t columns);

// "0 DRAM", "host SYSTEM_MEMORY".
std::string pool_label(std::uint32_t device, const std::string& name);

// Live counts that only grow, and pools whose history only grows.
std::vector<Line> leak_lines(Frame& frame, std::size_t columns);

std::vector<Line> help_lines(const State& state);

// What lies over all: help, choices, the question before a signal.
void draw_overlay(Screen& screen, const Frame& frame);

}  // namespace tidemark::tui
