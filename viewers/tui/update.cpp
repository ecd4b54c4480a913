// SPDX-License-Identifier: Apache-2.0
//
// What a key does to the state.
#include <algorithm>
#include <optional>

#include "viewers/tui/keys.hpp"

namespace tidemark::tui {
namespace {

constexpr std::uint64_t kIntervals[] = {100, 200, 500, 1000, 2000, 5000, 10000};

void change_interval(State& state, bool faster) {
    const auto begin = std::begin(kIntervals);
    const auto end = std::end(kIntervals);
    if (faster) {
        const auto at = std::lower_bound(begin, end, state.interval_ms);
        if (at != begin) state.interval_ms = *(at - 1);
    } else {
        const auto at = std::upper_bound(begin, end, state.interval_ms);
        if (at != end) state.interval_ms = *at;
    }
}

void go_back(State& state) {
    if (state.view != View::kProcesses) {
        state.view = View::kProcesses;
        state.detail_line = 0;
        return;
    }
    state.filter.clear();
    state.uid.reset();
}

// Keys that lay something over all, or take it away.
bool opened(State& state, char32_t key) {
    switch (key) {
        case U'?':
        case U'h':
        case kF1:
            open_overlay(state, Overlay::kHelp);
            return true;
        case U'o':
            open_overlay(state, Overlay::kUsers);
            return true;
        case U'c':
            open_overlay(state, Overlay::kColumns);
            state.columns_before = state.settings.columns;
            return true;
        case U'/':
            state.is_filter_edited = true;
            return true;
        case kEscape:
            go_back(state);
            return true;
        default:
            return false;
    }
}

// Keys that say since when figures are shown.
bool turned(State& state, char32_t key, const World& world) {
    switch (key) {
        case U'm':
            state.mark = mark_of(world);
            if (state.view != View::kDetail) state.mark->opened = 0;  // its sizes are old
            return true;
        case U'M':
            state.mark.reset();
            return true;
        default:
            return false;
    }
}

// Nothing: the key means nothing everywhere.
std::optional<Effect> of_all(State& state, char32_t key, const World& world) {
    switch (key) {
        case U'q':
        case kF10:
            return Effect::kQuit;
        case U'u':
            state.paused = !state.paused;
            return state.paused ? Effect::kNone : Effect::kRead;
        case U'+':
        case U'=':
            change_interval(state, true);
            return Effect::kRead;
        case U'-':
            change_interval(state, false);
            return Effect::kNone;
        case U'l':
            state.view = state.view == View::kLeaks ? View::kProcesses : View::kLeaks;
            state.detail_line = 0;
            return Effect::kRead;
        case kF9:
        case U'K':
            return open_signal(state, world);
        default: {
            const bool taken =
                opened(state, key) || turned(state, key, world) || moved(state, key, world);
            return taken ? std::optional(Effect::kNone) : std::nullopt;
        }
    }
}

}  // namespace

Effect update(State& state, char32_t key, const World& world) {
    state.message.clear();
    if (state.is_filter_edited) {
        edit_filter(state, key);
        return Effect::kNone;
    }
    if (state.overlay != Overlay::kNone) return in_overlay(state, key, world);
    if (const auto effect = of_all(state, key, world)) return *effect;
    return state.view == View::kProcesses ? of_table(state, key, world) : Effect::kNone;
}

}  // namespace tidemark::tui
