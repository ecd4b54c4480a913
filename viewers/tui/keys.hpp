// SPDX-License-Identifier: Apache-2.0
//
// What keys do, by where they are pressed; update() puts these together.
#pragma once

#include <cstddef>

#include "viewers/tui/state.hpp"

namespace tidemark::tui {

// While a filter is typed.
void edit_filter(State& state, char32_t key);

// In the list or question that lies over all.
Effect in_overlay(State& state, char32_t key, const World& world);

// Opens one at its first line.
void open_overlay(State& state, Overlay overlay);

// The list of signals for the process under the cursor, or a message why nothing can be sent.
Effect open_signal(State& state, const World& world);

// By how many lines a key moves; 0: it does not.
std::ptrdiff_t lines_of(char32_t key, std::ptrdiff_t page);

// Keys that move: the cursor of the table, or the lines of the other views. False: it is none of them.
bool moved(State& state, char32_t key, const World& world);

// Of the process table alone.
Effect of_table(State& state, char32_t key, const World& world);

// The process that is open, or that the cursor is on; null: none.
const model::Process* under_cursor(const State& state, const World& world);

}  // namespace tidemark::tui
