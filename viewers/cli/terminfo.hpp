// SPDX-License-Identifier: Apache-2.0
//
// The terminfo database, behind three functions: its C header defines macros of common words (lines, columns), which
// must not meet other code.
#pragma once

#include <string>

namespace tidemark::cli::terminfo {

// Loads the entry `name` for `fd`. False if there is none.
bool load(const char* name, int fd);

// The string of a capability ("home", "el"), without padding; empty if the terminal lacks it.
std::string capability(const char* name);

// The sequence that sets a foreground colour; ANSI numbers, 1 red, 2 green, 3 yellow, 6 cyan.
std::string foreground(int colour);

}  // namespace tidemark::cli::terminfo
