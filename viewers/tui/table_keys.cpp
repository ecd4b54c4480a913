// SPDX-License-Identifier: Apache-2.0
//
// Keys of the process table: its cursor, its order, what it opens; and those that scroll the other views.
#include <algorithm>

#include "viewers/tui/keys.hpp"
#include "viewers/tui/process_rows.hpp"
#include "viewers/tui/render.hpp"

namespace tidemark::tui {
namespace {

// Moves the cursor by so many rows, and the window with it.
void move(State& state, const World& world, std::ptrdiff_t by) {
    const ProcessRows found = process_rows(world, state);
    const std::vector<ProcessRow>& rows = found.list;
    if (rows.empty()) return;
    const auto last = static_cast<std::ptrdiff_t>(rows.size()) - 1;
    const auto at = static_cast<std::ptrdiff_t>(cursor_row(rows, state));
    const auto next = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at + by, 0, last));
    state.selected = rows[next].process->image;
    state.selected_row = next;
    state.first_row = first_visible(state.first_row, next, page_height(world, state), rows.size());
}

Effect sort_by(State& state, Column column) {
    Settings& settings = state.settings;
    const Order order = order_of(settings);
    settings.descending = order.column == column ? !order.descending : !info(column).is_text;
    settings.sort = column;
    return Effect::kSave;
}

// Only columns that are on the screen count: what cannot be seen would look like no order at all.
Effect sort_by_next(State& state, const World& world, std::ptrdiff_t step) {
    const std::vector<Column> shown = shown_columns(world, state);
    const auto at = std::find(shown.begin(), shown.end(), order_of(state.settings).column);
    const auto count = static_cast<std::ptrdiff_t>(shown.size());
    const auto now = at == shown.end() ? 0 : at - shown.begin();
    return sort_by(state, shown[static_cast<std::size_t>((now + step + count) % count)]);
}

void scroll(State& state, const World& world, std::ptrdiff_t by) {
    const auto last = static_cast<std::ptrdiff_t>(last_line(world, state));
    const auto at = static_cast<std::ptrdiff_t>(state.detail_line) + by;
    state.detail_line = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at, 0, last));
}

Effect open_process(State& state, const model::Process* process) {
    if (process == nullptr) return Effect::kNone;
    state.selected = state.opened = process->image;
    state.view = View::kDetail;
    state.detail_line = 0;
    return Effect::kOpen;
}

Effect sort_by_digit(State& state, const World& world, char32_t key) {
    if (key < U'1' || key > U'9') return Effect::kNone;
    const std::vector<Column> shown = shown_columns(world, state);
    return key - U'1' < shown.size() ? sort_by(state, shown[key - U'1']) : Effect::kNone;
}

// By a part of what is in sight.
void scroll_devices(State& state, const World& world, bool down) {
    const auto last = static_cast<std::ptrdiff_t>(last_device_line(world, state));
    const auto step = static_cast<std::ptrdiff_t>(state.size.rows / 4);
    const auto at = static_cast<std::ptrdiff_t>(state.device_line) + (down ? step : -step);
    state.device_line = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(at, 0, last));
}

const char* panels_sentence(Panels panels) {
    return panels == Panels::kAuto    ? "devices: large where they fit"
           : panels == Panels::kLarge ? "devices: large; [ ] scroll them"
           : panels == Panels::kSmall ? "devices: a line each"
                                      : "devices: not shown";
}

Panels next(Panels panels) {
    return panels == Panels::kAuto    ? Panels::kLarge
           : panels == Panels::kLarge ? Panels::kSmall
           : panels == Panels::kSmall ? Panels::kNone
                                      : Panels::kAuto;
}

}  // namespace

std::ptrdiff_t lines_of(char32_t key, std::ptrdiff_t page) {
    constexpr std::ptrdiff_t kFar = 1'000'000;
    switch (key) {
        case kUp:
        case U'k':
            return -1;
        case kDown:
        case U'j':
            return 1;
        case kPageUp:
            return -page;
        case kPageDown:
            return page;
        case kHome:
            return -kFar;
        case kEnd:
            return kFar;
        default:
            return 0;
    }
}

const model::Process* under_cursor(const State& state, const World& world) {
    if (state.view == View::kDetail) return find_process(world.snapshot, state.opened);
    const ProcessRows found = process_rows(world, state);
    const std::vector<ProcessRow>& rows = found.list;
    return rows.empty() ? nullptr : rows[cursor_row(rows, state)].process;
}

bool moved(State& state, char32_t key, const World& world) {
    const auto by = lines_of(key, static_cast<std::ptrdiff_t>(page_height(world, state)));
    if (by == 0) return false;
    if (state.view == View::kProcesses) {
        move(state, world, by);
    } else {
        scroll(state, world, by);
    }
    return true;
}

Effect of_table(State& state, char32_t key, const World& world) {
    const model::Process* process = under_cursor(state, world);
    switch (key) {
        case kEnter:
            return open_process(state, process);
        case kLeft:
            return sort_by_next(state, world, -1);
        case kRight:
            return sort_by_next(state, world, 1);
        case U'r':
            return sort_by(state, order_of(state.settings).column);
        case U't':
            state.settings.tree = !state.settings.tree;
            state.first_row = 0;
            return Effect::kSave;
        case U' ':
            if (process != nullptr && state.settings.tree &&
                state.collapsed.erase(process->image) == 0) {
                state.collapsed.insert(process->image);
            }
            return Effect::kNone;
        case U'x':
            state.shows_exited = !state.shows_exited;
            return Effect::kNone;
        case U'd':
            state.panels = next(state.panels);
            state.device_line = 0;
            state.message = panels_sentence(state.panels);
            return Effect::kNone;
        case U'[':
        case U']':
            scroll_devices(state, world, key == U']');
            return Effect::kNone;
        default:
            return sort_by_digit(state, world, key);
    }
}

}  // namespace tidemark::tui
