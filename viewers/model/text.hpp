// SPDX-License-Identifier: Apache-2.0
//
// Text of other programs (names, command lines) made safe to print, and measured and cut in terminal columns. Names
// are chosen by whoever runs the program: a control character in one must not reach the terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tidemark::model {

// Control characters become '?', bytes that are no UTF-8 become U+FFFD.
std::string printable(std::string_view text);

// The same with everything outside ASCII replaced by '?'.
std::string ascii_only(std::string_view text);

// JSON with DEL and C1 controls as escapes too, which it may hold as they are; its values stay the same.
std::string without_raw_controls(const std::string& json);

// Terminal columns of printable UTF-8 text; wide characters count two, combining ones none.
std::size_t columns_of(std::string_view text);

// At most `columns` wide; what was cut ends in "…" ("..." if `ascii`).
std::string cut(std::string_view text, std::size_t columns, bool ascii);

// What printable() gives, one code point after another; for who places characters himself.
std::u32string code_points(std::string_view text);

// Terminal columns of one code point: 0, 1 or 2.
std::size_t columns_of(char32_t code);

}  // namespace tidemark::model
