// SPDX-License-Identifier: Apache-2.0
//
// Keys as ncurses tells of them, in the words of state.hpp. Of curses.cpp alone.
#pragma once

#include <optional>

namespace tidemark::tui {

// What terminals send for these keys, whatever terminfo knows of the one that TERM names: bytes of an unknown sequence
// would be taken for Esc and other keys.
void define_keys();

// The next key that came and means something here, without waiting.
std::optional<char32_t> read_key();

}  // namespace tidemark::tui
