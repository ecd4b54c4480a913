// SPDX-License-Identifier: Apache-2.0
//
// What a terminal is to show, as a rectangle of cells: a character and its look each. Pure data: whatever text is put
// here is made printable on the way, so nothing that a program calls itself can reach the terminal as a command. How a
// look is shown: curses.hpp.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "viewers/model/style.hpp"

namespace tidemark::tui {

using model::Style;

struct Look {
    Style style = Style::kPlain;
    bool bold = false;
    bool reverse = false;
    bool operator==(const Look&) const = default;
};

struct Span {
    std::string text;
    Look look{};
};
using Line = std::vector<Span>;

struct Size {
    std::size_t columns = 80;
    std::size_t rows = 24;
    bool operator==(const Size&) const = default;
};

struct Cell {
    char32_t code = U' ';  // 0: the right half of a wide character
    Look look{};
    bool operator==(const Cell&) const = default;
};

class Screen {
public:
    static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

    explicit Screen(Size size, bool ascii = false)
        : size_(size), ascii_(ascii), cells_(size.columns * size.rows) {}

    const Size& size() const { return size_; }
    bool ascii() const { return ascii_; }
    const Cell& at(std::size_t x, std::size_t y) const { return cells_[y * size_.columns + x]; }

    // Puts text at column `x` of row `y`, at most `limit` columns of it; what lies outside the screen is dropped. Returns
    // the column behind it. A wide character that fits only half is a blank.
    std::size_t put(std::size_t x, std::size_t y, std::string_view text, Look look = {},
                    std::size_t limit = kAll);
    std::size_t put(std::size_t x, std::size_t y, const Line& line, std::size_t limit = kAll);

    // Gives all cells of a row the look of the cursor.
    void reverse_row(std::size_t y);
    void clear(std::size_t x, std::size_t y, std::size_t columns, std::size_t rows);

    // Rows, each ended, without blanks at their ends.
    std::string text() const;
    // The same of looks, one letter a cell: '.' plain, 'b' bold, 'd' dim, 'g' good, 'w' warning, 'r' bad, 'a' accent; a
    // capital if reversed.
    std::string looks() const;

private:
    Size size_;
    bool ascii_;
    std::vector<Cell> cells_;
};

std::size_t columns_of(const Line& line);

}  // namespace tidemark::tui
