// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/render.hpp"

#include <algorithm>

#include "viewers/model/text.hpp"
#include "viewers/tui/views.hpp"

namespace tidemark::tui {
namespace {

void put_lines(Screen& screen, std::size_t y, std::size_t end, const std::vector<Line>& lines) {
    for (std::size_t i = 0; i < lines.size() && y < end; ++i)
        screen.put(0, y++, lines[i]);
}

// Where each part lies; the last row is the hints'.
struct Layout {
    std::vector<Line> status, devices;
    std::size_t body = 0;  // first row of processes
    std::size_t end = 0;   // the row behind them
};

// Processes keep their heading and five rows at least, and more where panels have a choice; what they do not use is the
// panels'.
std::size_t device_rows(Frame& frame, std::size_t room) {
    const std::size_t wanted = devices_height(frame, frame.state.size.columns);
    const std::size_t most = room - std::min<std::size_t>(room, 6);
    const bool is_asked = frame.state.panels == Panels::kLarge;
    const std::size_t fair = is_asked ? most : std::min(most, room * 3 / 5);
    if (wanted <= fair) return fair;
    const std::size_t used = 1 + std::max<std::size_t>(row_count(frame.world, frame.state), 1);
    return std::max(fair, room - std::min(room, used));
}

Layout layout(Frame& frame) {
    const Size size = frame.state.size;
    Layout found;
    found.status = status_rows(frame, size.columns);
    found.end = size.rows - 1;
    const std::size_t above = 1 + found.status.size();
    const std::size_t room = found.end - std::min(found.end, above);
    if (frame.state.view == View::kProcesses) {
        found.devices = device_lines(frame, size.columns, device_rows(frame, room));
    }
    found.body = above + found.devices.size();
    return found;
}

std::vector<Line> body_lines(Frame& frame, std::size_t columns) {
    return frame.state.view == View::kDetail ? detail_lines(frame, columns)
                                             : leak_lines(frame, columns);
}

// What is longer than its place leaves the last row to the note of how much is below.
std::size_t most_scrolled(std::size_t lines, const Layout& where) {
    const std::size_t height = where.end - where.body;
    return lines > height ? lines - height + 1 : 0;
}

void draw_body(Screen& screen, Frame& frame, const Layout& where) {
    const std::size_t columns = screen.size().columns;
    if (frame.state.view == View::kProcesses) {
        const Table table = process_lines(frame, columns, where.end - where.body);
        put_lines(screen, where.body, where.end, table.lines);
        if (table.cursor) screen.reverse_row(where.body + *table.cursor);
        return;
    }
    const std::vector<Line> lines = body_lines(frame, columns);
    const std::size_t most = most_scrolled(lines.size(), where);
    const std::size_t first = std::min(frame.state.detail_line, most);
    const std::size_t end = where.end - (most > 0 ? 1 : 0);
    for (std::size_t y = where.body, i = first; i < lines.size() && y < end; ++i)
        screen.put(0, y++, cut(lines[i], columns, frame.state.ascii));
    if (first < most) screen.put(0, where.end - 1, more_lines(most - first), {Style::kWarning});
}

bool is_too_small(const Size& size) {
    return size.columns < kLeastSize.columns || size.rows < kLeastSize.rows;
}

}  // namespace

Screen render(const World& world, const State& state) {
    Screen screen(state.size, state.ascii);
    if (is_too_small(state.size)) {
        screen.put(0, 0, "too small: 60 x 12 at least; q quits");
        return screen;
    }
    Frame frame(world, state);
    const Layout where = layout(frame);
    const Size size = state.size;
    const std::string right_end = header_right(frame);
    screen.put(0, 0, cut(header(frame), size.columns - right_end.size() - 1, state.ascii));
    screen.put(size.columns - right_end.size(), 0, right_end, kDim);
    put_lines(screen, 1, where.body, where.status);
    put_lines(screen, 1 + where.status.size(), where.body, where.devices);
    draw_body(screen, frame, where);
    const std::size_t used = screen.put(0, size.rows - 1, hints(state));
    std::string notes;
    for (const std::string& note : frame.cells.figures().footnotes()) {
        notes += (notes.empty() ? "" : ";  ") + note;
    }
    const std::size_t wide = model::columns_of(notes);
    if (!notes.empty() && used + wide + 2 < size.columns) {
        screen.put(size.columns - wide - 1, size.rows - 1, notes, kDim);
    }
    draw_overlay(screen, frame);
    return screen;
}

std::size_t last_line(const World& world, const State& state) {
    if (is_too_small(state.size) || state.view == View::kProcesses) return 0;
    Frame frame(world, state);
    const Layout where = layout(frame);
    return most_scrolled(body_lines(frame, state.size.columns).size(), where);
}

std::size_t last_device_line(const World& world, const State& state) {
    if (is_too_small(state.size) || state.panels != Panels::kLarge) return 0;
    Frame frame(world, state);
    const std::size_t height = devices_height(frame, state.size.columns);
    const std::size_t shown = layout(frame).devices.size();
    return height > shown ? height - shown + 1 : 0;
}

std::size_t page_height(const World& world, const State& state) {
    if (is_too_small(state.size)) return 1;
    Frame frame(world, state);
    const Layout where = layout(frame);
    return where.end > where.body + 1 ? where.end - where.body - 1 : 1;
}

std::vector<Column> shown_columns(const World& world, const State& state) {
    if (is_too_small(state.size)) return state.settings.columns;
    Frame frame(world, state);
    const Layout where = layout(frame);
    return process_lines(frame, state.size.columns, where.end - where.body).columns;
}

}  // namespace tidemark::tui
