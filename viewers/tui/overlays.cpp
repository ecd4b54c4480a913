// SPDX-License-Identifier: Apache-2.0
//
// What lies over the screen: help, choices, and the question before a signal is sent.
#include <signal.h>

#include <algorithm>

#include "viewers/model/text.hpp"
#include "viewers/tui/views.hpp"

namespace tidemark::tui {
namespace {

Line key_line(const std::string& keys, const std::string& what) {
    return {{left(keys, 14), {Style::kAccent, true}}, {what}};
}

std::vector<Line> column_lines(const Settings& settings) {
    std::vector<Line> lines;
    for (const Column column : listed_columns(settings)) {
        const bool shown = std::find(settings.columns.begin(), settings.columns.end(), column) !=
                           settings.columns.end();
        lines.push_back({{shown ? "[x] " : "[ ] ", {shown ? Style::kGood : Style::kDim}},
                         {left(info(column).title, 10), kBold},
                         {info(column).meaning}});
    }
    return lines;
}

std::vector<Line> user_lines(const Frame& frame) {
    std::vector<Line> lines = {{{"all users"}}};
    for (const UserChoice& user : users_of(frame.world.snapshot)) {
        lines.push_back({{model::printable(user.name)}});
    }
    return lines;
}

std::string target_text(const Target& target) {
    return "pid " + std::to_string(target.pid) + " " + model::printable(target.name);
}

std::vector<Line> signal_lines() {
    std::vector<Line> lines;
    for (const SignalChoice& choice : signal_choices()) {
        lines.push_back({{left(choice.name, 9), kBold}, {choice.meaning}});
    }
    return lines;
}

std::string signal_name(int number) {
    for (const SignalChoice& choice : signal_choices()) {
        if (choice.number == number) return choice.name;
    }
    return std::to_string(number);
}

}  // namespace

const std::vector<SignalChoice>& signal_choices() {
    static const std::vector<SignalChoice> kChoices = {
        {SIGTERM, "SIGTERM", "end in order"},
        {SIGINT, "SIGINT", "interrupt, as Ctrl-C does"},
        {SIGHUP, "SIGHUP", "hang up"},
        {SIGKILL, "SIGKILL", "end at once"},
        {SIGSTOP, "SIGSTOP", "stop until SIGCONT"},
        {SIGCONT, "SIGCONT", "go on"},
        {SIGUSR1, "SIGUSR1", "its own meaning"},
        {SIGUSR2, "SIGUSR2", "its own meaning"}};
    return kChoices;
}

std::vector<Line> help_lines(const State& state) {
    std::vector<Line> lines = {
        key_line("up down", "move; PgUp PgDn Home End as well, or j k"),
        key_line("Enter", "open the process: pools, sizes, buffers, call sites"),
        key_line("Esc", "back; clears the filter and the user"),
        key_line("left right", "sort by another column;  1-9: that one;  r: turn"),
        key_line("/", "filter: name, command, user, pid"),
        key_line("o", "one owner's processes"),
        key_line("t", "tree; a parent sums up what runs below"),
        key_line("Space", "in a tree: hide or show its children"),
        key_line("c", "choose columns (saved)"),
        key_line("d", "devices: as they fit, large, small, none;  [ ] scroll them"),
        key_line("x", "also what ended and left nothing, or not"),
        key_line("l", "leak suspects"),
        key_line("m", "mark: the change from now on, but in lists;  M ends it"),
        key_line("u", "pause;  + - faster, slower"),
        state.readonly ? key_line("F9", "off: --readonly") : key_line("F9 or K", "send a signal"),
        key_line("q", "quit;  F10, Ctrl-C too"),
        {{""}},
        {{"~ not exact   ", {Style::kWarning}},
         {state.ascii ? "<= at most   >= at least   x ended   N/A unknown"
                      : "≤ at most   ≥ at least   † ended   N/A unknown"}},
        {{"a bar is a pool's share of its memory; blank in a graph: not known", kDim}}};
    return lines;
}

void draw_overlay(Screen& screen, const Frame& frame) {
    const State& state = frame.state;
    switch (state.overlay) {
        case Overlay::kNone:
            return;
        case Overlay::kHelp:
            return box(screen, "tidemark top", help_lines(state), std::nullopt, state.overlay_line);
        case Overlay::kColumns:
            return box(screen, "Space shows, < > moves, Enter keeps, Esc undoes",
                       column_lines(state.settings), state.overlay_line);
        case Overlay::kUsers:
            return box(screen, "processes of", user_lines(frame), state.overlay_line);
        case Overlay::kSignal:
            return box(screen, "signal to " + target_text(state.target), signal_lines(),
                       state.overlay_line);
        case Overlay::kConfirm:
            return box(screen, "really?",
                       {{{"Send "},
                         {signal_name(state.target.signal), {Style::kBad, true}},
                         {" to " + target_text(state.target) + "?"}},
                        {{"y", {Style::kAccent, true}}, {" sends it, any other key does not"}}});
    }
}

}  // namespace tidemark::tui
