// SPDX-License-Identifier: Apache-2.0
//
// Lines of styled text, and columns that fit a width: cells are aligned, the flexible columns give and take, and what
// still does not fit goes column by column, the least important first. No terminal in here: see Terminal and Frame.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "viewers/cli/terminal.hpp"

namespace tidemark::cli {

struct Span {
    std::string text;
    Style style = Style::kPlain;
};
using Line = std::vector<Span>;

enum class Align { kLeft, kRight };

struct GridColumn {
    std::string title;
    Align align = Align::kLeft;
    // Lowest width that it may be cut to; 0: never cut.
    std::size_t least = 0;
    // Columns with the highest number are dropped first; 0: never.
    int expendable = 0;
};

class Grid {
public:
    explicit Grid(std::vector<GridColumn> columns) : columns_(std::move(columns)) {}

    // One cell a column.
    void row(Line cells) { rows_.push_back(std::move(cells)); }
    bool empty() const { return rows_.empty(); }

    // Rows fill the width that they are given: this column takes what is left over.
    void fill_with(std::size_t column) { filler_ = column; }

    // Titles (if `header`) and rows, none wider than `width` as long as columns may be cut or dropped.
    std::vector<Line> lines(std::size_t width, bool ascii, bool header = true) const;

private:
    struct Layout {
        std::vector<std::size_t> shown;
        std::vector<std::size_t> widths;  // of all columns
    };
    Layout layout(std::size_t width, bool header) const;
    Layout natural(bool header) const;
    std::size_t total(const Layout& layout) const;
    std::size_t least_total(const Layout& layout) const;
    void drop_columns(Layout& layout, std::size_t width) const;
    void cut_columns(Layout& layout, std::size_t width) const;
    void fill_width(Layout& layout, std::size_t width) const;
    Line line(const Line& cells, const Layout& layout, bool ascii) const;

    std::vector<GridColumn> columns_;
    std::vector<Line> rows_;
    std::optional<std::size_t> filler_;
};

std::size_t columns_of(const Line& line);

// `left`, blanks, `right`, together `width` wide.
Line spread(Line left, Line right, std::size_t width);

// Painted and joined; no line end, no blanks at the end.
std::string render(const Line& line, const Terminal& terminal);
std::string render(const std::vector<Line>& lines, const Terminal& terminal);

}  // namespace tidemark::cli
