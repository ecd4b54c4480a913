// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/grid.hpp"

#include <algorithm>

#include "viewers/model/text.hpp"
#include "viewers/tui/widgets.hpp"

namespace tidemark::tui {

std::size_t Grid::needed(std::size_t column) const {
    const GridColumn& one = columns_[column];
    std::size_t width = std::max(one.width, model::columns_of(one.title));
    for (const Line& row : rows_)
        width = std::max(width, model::columns_of(row[column].text));
    return width;
}

std::size_t Grid::least(std::size_t column) const {
    const std::size_t least = columns_[column].least;
    return least != 0 ? std::min(least, needed(column)) : needed(column);
}

std::vector<Grid::Place> Grid::places(std::size_t columns) const {
    std::vector<Place> shown;
    std::size_t used = 0;  // each with the blank before it
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        shown.push_back({i, least(i)});
        used += least(i) + 1;
    }
    while (used > columns) {
        const auto worst =
            std::max_element(shown.begin(), shown.end(), [&](const Place& a, const Place& b) {
                return columns_[a.column].expendable < columns_[b.column].expendable;
            });
        if (worst == shown.end() || columns_[worst->column].expendable == 0) break;
        used -= worst->width + 1;
        shown.erase(worst);
    }
    for (Place& place : shown) {
        const std::size_t more =
            std::min(needed(place.column) - place.width, columns - std::min(columns, used));
        place.width += more;
        used += more;
    }
    return shown;
}

std::string Grid::cell(const Place& place, const std::string& text) const {
    const GridColumn& column = columns_[place.column];
    const std::string fitted = column.least != 0 ? model::cut(text, place.width, ascii_) : text;
    return " " + (column.is_text ? left(fitted, place.width) : right(fitted, place.width));
}

Line Grid::heading(std::size_t columns) const {
    Line line;
    for (const Place& place : places(columns))
        line.push_back({cell(place, columns_[place.column].title), kDim});
    return line;
}

std::vector<Line> Grid::lines(std::size_t columns) const {
    const std::vector<Place> shown = places(columns);
    std::vector<Line> lines;
    lines.reserve(rows_.size());
    for (const Line& row : rows_) {
        Line& line = lines.emplace_back();
        for (const Place& place : shown)
            line.push_back({cell(place, row[place.column].text), row[place.column].look});
    }
    return lines;
}

}  // namespace tidemark::tui
