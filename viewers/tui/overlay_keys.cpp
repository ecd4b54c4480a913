// SPDX-License-Identifier: Apache-2.0
//
// Keys in what lies over all: lists to choose from, the question before a signal, the filter's line.
#include <algorithm>

#include "viewers/model/text.hpp"
#include "viewers/tui/keys.hpp"
#include "viewers/tui/views.hpp"

namespace tidemark::tui {
namespace {

constexpr std::size_t kLongestFilter = 64;

// Keys that move in a list, whose last line is `last`; true if the key was one of them.
bool moved_in_list(State& state, char32_t key, std::size_t last) {
    const auto by = lines_of(key, static_cast<std::ptrdiff_t>(box_height(state.size)));
    const auto at = static_cast<std::ptrdiff_t>(state.overlay_line) + by;
    state.overlay_line = static_cast<std::size_t>(
        std::clamp<std::ptrdiff_t>(at, 0, static_cast<std::ptrdiff_t>(last)));
    return by != 0;
}

// The same, and those that leave it.
bool choose_line(State& state, char32_t key, std::size_t count) {
    if (moved_in_list(state, key, count == 0 ? 0 : count - 1)) return true;
    if (key == kEscape || key == U'q') {
        state.overlay = Overlay::kNone;
        return true;
    }
    return false;
}

// Any other key leaves it.
void scroll_help(State& state, char32_t key) {
    const std::size_t lines = help_lines(state).size();
    const std::size_t last = lines - std::min(lines, box_height(state.size));
    if (!moved_in_list(state, key, last)) state.overlay = Overlay::kNone;
}

Effect choose_columns(State& state, char32_t key) {
    std::vector<Column> listed = listed_columns(state.settings);
    std::vector<Column>& shown = state.settings.columns;
    if (key == kEnter || key == U'c') {
        state.overlay = Overlay::kNone;
        return Effect::kSave;
    }
    if (key == kEscape || key == U'q') shown = state.columns_before;
    if (choose_line(state, key, listed.size())) return Effect::kNone;
    const std::size_t line = std::min(state.overlay_line, listed.size() - 1);
    const bool is_shown = line < shown.size();
    const auto at = shown.begin() + static_cast<std::ptrdiff_t>(line);
    if (key == U' ' && is_shown && shown.size() > 1) {
        shown.erase(at);
    } else if (key == U' ' && !is_shown) {
        shown.push_back(listed[line]);
        state.overlay_line = shown.size() - 1;
    } else if ((key == U'<' || key == kLeft) && is_shown && line > 0) {
        std::iter_swap(at, at - 1);
        --state.overlay_line;
    } else if ((key == U'>' || key == kRight) && is_shown && line + 1 < shown.size()) {
        std::iter_swap(at, at + 1);
        ++state.overlay_line;
    }
    return Effect::kNone;
}

Effect choose_user(State& state, char32_t key, const World& world) {
    const std::vector<UserChoice> users = users_of(world.snapshot);
    if (choose_line(state, key, users.size() + 1) || key != kEnter) return Effect::kNone;
    const std::size_t line = std::min(state.overlay_line, users.size());
    state.uid = line == 0 ? std::nullopt : std::optional(users[line - 1].uid);
    state.overlay = Overlay::kNone;
    return Effect::kNone;
}

// A character as UTF-8; nothing, if it is none that can be shown.
std::string typed(char32_t key) {
    if (key < 0x20 || key > 0x10FFFF || (key >= 0xD800 && key < 0xE000)) return {};
    std::string text;
    const auto put = [&text](char32_t byte) { text += static_cast<char>(byte); };
    if (key < 0x80) {
        put(key);
    } else if (key < 0x800) {
        put(0xC0 | key >> 6);
    } else if (key < 0x10000) {
        put(0xE0 | key >> 12);
    } else {
        put(0xF0 | key >> 18);
        put(0x80 | (key >> 12 & 0x3F));
    }
    if (key >= 0x800) put(0x80 | (key >> 6 & 0x3F));
    if (key >= 0x80) put(0x80 | (key & 0x3F));
    return model::printable(text) == text ? text : std::string();
}

}  // namespace

Effect in_overlay(State& state, char32_t key, const World& world) {
    switch (state.overlay) {
        case Overlay::kColumns:
            return choose_columns(state, key);
        case Overlay::kUsers:
            return choose_user(state, key, world);
        case Overlay::kSignal:
            if (choose_line(state, key, signal_choices().size()) || key != kEnter)
                return Effect::kNone;
            state.target.signal = signal_choices()[state.overlay_line].number;
            state.overlay = Overlay::kConfirm;
            return Effect::kNone;
        case Overlay::kConfirm:
            state.overlay = Overlay::kNone;
            if (key == U'y' || key == U'Y') return Effect::kSignal;
            state.message = "nothing was sent";
            return Effect::kNone;
        default:
            scroll_help(state, key);
            return Effect::kNone;
    }
}

void open_overlay(State& state, Overlay overlay) {
    state.overlay = overlay;
    state.overlay_line = 0;
}

Effect open_signal(State& state, const World& world) {
    if (state.readonly) {
        state.message = "signals are off: --readonly";
        return Effect::kNone;
    }
    const model::Process* process = under_cursor(state, world);
    if (process == nullptr || process->exited || !process->pid || !process->start_ticks) {
        state.message = process == nullptr ? "no process is selected"
                        : process->exited
                            ? "this process ended"
                            : "its pid or start is not known here, so nothing can be sent safely";
        return Effect::kNone;
    }
    state.target = {*process->pid, *process->start_ticks, process->name.value_or(""), 0};
    state.overlay = Overlay::kSignal;
    state.overlay_line = 0;
    return Effect::kNone;
}

void edit_filter(State& state, char32_t key) {
    if (key == kEnter) {
        state.is_filter_edited = false;
    } else if (key == kEscape) {
        state.is_filter_edited = false;
        state.filter.clear();
    } else if (key == kBackspace) {
        while (!state.filter.empty() && (state.filter.back() & 0xC0) == 0x80)
            state.filter.pop_back();
        if (!state.filter.empty()) state.filter.pop_back();
    } else if (const std::string text = typed(key);
               state.filter.size() + text.size() <= kLongestFilter) {
        state.filter += text;
    }
    state.first_row = 0;
}

}  // namespace tidemark::tui
