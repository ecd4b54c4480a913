// SPDX-License-Identifier: Apache-2.0
//
// A table within a view: columns as wide as what stands in them. Where there is no room, text is cut with a mark and
// columns are left out; a figure is never cut.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "viewers/tui/screen.hpp"

namespace tidemark::tui {

struct GridColumn {
    std::string title;
    std::size_t width = 0;  // columns, where there is room; wider cells widen it
    bool is_text = false;   // aligned to the left
    std::size_t least = 0;  // text is cut down to so many columns; 0: never
    int expendable = 0;     // the highest goes first; 0: never
};

class Grid {
public:
    Grid(std::vector<GridColumn> columns, bool ascii)
        : columns_(std::move(columns)), ascii_(ascii) {}

    // A cell for each column.
    void add(Line cells) { rows_.push_back(std::move(cells)); }

    Line heading(std::size_t columns) const;
    // One for each that was added.
    std::vector<Line> lines(std::size_t columns) const;

private:
    struct Place {
        std::size_t column;
        std::size_t width;
    };
    std::vector<Place> places(std::size_t columns) const;
    std::size_t needed(std::size_t column) const;
    std::size_t least(std::size_t column) const;
    std::string cell(const Place& place, const std::string& text) const;

    std::vector<GridColumn> columns_;
    std::vector<Line> rows_;
    bool ascii_;
};

}  // namespace tidemark::tui
