// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/screen.hpp"

#include <algorithm>
#include <cctype>

#include "viewers/model/text.hpp"

namespace tidemark::tui {
namespace {

std::string utf8(char32_t code) {
    std::string out;
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | code >> 6);
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0 | code >> 12);
        out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | code >> 18);
        out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
        out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
    return out;
}

char letter(const Look& look) {
    constexpr char kLetters[model::kStyleCount + 1] = ".bdgwra";
    const char plain = look.bold && look.style == Style::kPlain
                           ? 'b'
                           : kLetters[static_cast<std::size_t>(look.style)];
    if (!look.reverse) return plain;
    return plain == '.' ? 'P' : static_cast<char>(std::toupper(plain));
}

// Each row with its blanks at the end taken off.
template <class Append>
std::string rows_of(const Size& size, char blank, Append append) {
    std::string all;
    for (std::size_t y = 0; y < size.rows; ++y) {
        std::string row;
        for (std::size_t x = 0; x < size.columns; ++x) {
            append(row, x, y);
        }
        row.erase(row.find_last_not_of(blank) + 1);
        all += row + '\n';
    }
    return all;
}

}  // namespace

std::size_t Screen::put(std::size_t x, std::size_t y, std::string_view text, Look look,
                        std::size_t limit) {
    if (y >= size_.rows) {
        return x;
    }
    const std::size_t end =
        limit < size_.columns - std::min(x, size_.columns) ? x + limit : std::max(x, size_.columns);
    for (char32_t code : model::code_points(text)) {
        const std::size_t columns = model::columns_of(code);
        if (columns == 0) continue;  // a mark on the character before it
        if (x + columns > end) break;
        Cell* cell = &cells_[y * size_.columns + x];
        cell[0] = {ascii_ && code >= 0x7F ? U'?' : code, look};
        if (columns == 2) {
            cell[1] = {ascii_ ? U'?' : U'\0', look};
        }
        x += columns;
    }
    return x;
}

std::size_t Screen::put(std::size_t x, std::size_t y, const Line& line, std::size_t limit) {
    const std::size_t begin = x;
    for (const Span& span : line) {
        const std::size_t used = x - begin;
        if (used >= limit) break;
        x = put(x, y, span.text, span.look, limit == kAll ? kAll : limit - used);
    }
    return x;
}

void Screen::reverse_row(std::size_t y) {
    for (std::size_t x = 0; y < size_.rows && x < size_.columns; ++x) {
        cells_[y * size_.columns + x].look.reverse = true;
    }
}

void Screen::clear(std::size_t x, std::size_t y, std::size_t columns, std::size_t rows) {
    for (std::size_t j = y; j < std::min(y + rows, size_.rows); ++j) {
        for (std::size_t i = x; i < std::min(x + columns, size_.columns); ++i) {
            cells_[j * size_.columns + i] = {};
        }
    }
}

std::string Screen::text() const {
    return rows_of(size_, ' ', [this](std::string& row, std::size_t x, std::size_t y) {
        const char32_t code = at(x, y).code;
        if (code != 0) row += utf8(code);
    });
}

std::string Screen::looks() const {
    return rows_of(size_, '.', [this](std::string& row, std::size_t x, std::size_t y) {
        row += letter(at(x, y).look);
    });
}

std::size_t columns_of(const Line& line) {
    std::size_t columns = 0;
    for (const Span& span : line)
        columns += model::columns_of(span.text);
    return columns;
}

}  // namespace tidemark::tui
