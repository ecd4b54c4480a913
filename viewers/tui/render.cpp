// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/render.hpp"

#include <algorithm>

#include "viewers/model/status_lines.hpp"
#include "viewers/model/text.hpp"
#include "viewers/model/units.hpp"
#include "viewers/tui/views.hpp"

namespace tidemark::tui {
namespace {

// Sentences about the collector and what was lost; more of them are in `tidemark smi`.
constexpr std::size_t kMostStatusRows = 3;

std::string clock_text(std::uint64_t unix_ns) {
    return model::format_iso_time(unix_ns).substr(11, 8);
}

Line header(const Frame& frame) {
    const State& state = frame.state;
    const model::Collector& collector = frame.world.snapshot.collector;
    Line line = {{" tidemark ", {Style::kAccent, true, true}},
                 {" " + model::printable(collector.instance), kBold}};
    if (state.paused) line.push_back({"  PAUSED (u)", {Style::kWarning, true}});
    if (state.mark) {
        const std::uint64_t now = frame.world.snapshot.time_unix_ns;
        const std::uint64_t since = state.mark->unix_ns;
        line.push_back({"  change since " + clock_text(since) + " (" +
                            model::format_duration(now > since ? (now - since) / 1'000'000 : 0) +
                            ")",
                        {Style::kWarning, true}});
    }
    if (state.uid) line.push_back({"  user " + std::to_string(*state.uid), {Style::kWarning}});
    if (!state.filter.empty()) {
        line.push_back({"  /" + model::printable(state.filter), {Style::kWarning}});
    }
    return line;
}

std::string header_right(const Frame& frame) {
    char every[32];
    std::snprintf(every, sizeof every, "every %.1f s   ",
                  static_cast<double>(frame.state.interval_ms) / 1000);
    return every + clock_text(frame.world.snapshot.time_unix_ns) + " ";
}

// The collector's line always; of the others as many as have room.
std::vector<Line> status_rows(Frame& frame, std::size_t columns) {
    std::vector<Line> rows;
    for (const model::StatusLine& status :
         model::status_lines(frame.world.snapshot, frame.cells.figures(), frame.state.ascii)) {
        if (rows.size() == kMostStatusRows) break;
        // That a busy collector published meanwhile would flicker at every look.
        if (!rows.empty() && status.style == Style::kDim) continue;
        for (const std::string& text : model::wrapped(status.text, columns - 2)) {
            if (rows.size() < kMostStatusRows) rows.push_back({{" " + text, {status.style}}});
        }
    }
    return rows;
}

Line hints(const State& state) {
    if (state.is_filter_edited) {
        return {{" filter: ", {Style::kAccent, true}},
                {model::printable(state.filter)},
                {"_", {Style::kPlain, false, true}},
                {"   Enter keeps it, Esc clears it", kDim}};
    }
    if (!state.message.empty()) return {{" " + state.message, {Style::kWarning, true}}};
    Line line;
    std::size_t used = 0;
    // In the order of their worth: what does not fit is in the help.
    const auto hint = [&](const char* key, const char* what) {
        const std::size_t more = model::columns_of(key) + model::columns_of(what) + 3;
        if (used + more > state.size.columns) return;
        used += more;
        line.push_back({std::string(" ") + key, {Style::kAccent, true}});
        line.push_back({std::string(" ") + what + " ", {}});
    };
    hint("?", "help");
    hint("q", "quit");
    if (state.view == View::kProcesses) {
        hint("Enter", "open");
        hint("/", "filter");
        hint("t", state.settings.tree ? "list" : "tree");
        hint("l", "leaks");
    } else {
        hint("Esc", "back");
    }
    hint("m", "mark");
    hint("u", state.paused ? "go on" : "pause");
    if (state.view == View::kProcesses) hint("c", "columns");
    if (!state.readonly) hint("F9", "signal");
    return line;
}

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

Layout layout(Frame& frame) {
    const Size size = frame.state.size;
    Layout found;
    found.status = status_rows(frame, size.columns);
    found.end = size.rows - 1;
    const std::size_t above = 1 + found.status.size();
    const std::size_t room = found.end - std::min(found.end, above);
    // Processes keep half of it, and five rows at least.
    const std::size_t devices = std::min(room - std::min<std::size_t>(room, 6), room * 3 / 5);
    if (frame.state.view == View::kProcesses) {
        found.devices = device_lines(frame, size.columns, devices);
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
