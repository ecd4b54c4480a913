// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/grid.hpp"

#include <algorithm>
#include <numeric>

#include "viewers/model/text.hpp"

namespace tidemark::cli {
namespace {

constexpr std::size_t kGap = 2;

std::string padding(std::size_t have, std::size_t want) {
    return std::string(want > have ? want - have : 0, ' ');
}

}  // namespace

std::size_t columns_of(const Line& line) {
    return std::accumulate(
        line.begin(), line.end(), std::size_t{0},
        [](std::size_t sum, const Span& span) { return sum + model::columns_of(span.text); });
}

// As wide as the widest cell.
Grid::Layout Grid::natural(bool header) const {
    Layout layout;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t widest = header ? model::columns_of(columns_[i].title) : 0;
        for (const Line& cells : rows_) {
            widest = std::max(widest, model::columns_of(cells[i].text));
        }
        layout.widths.push_back(widest);
        layout.shown.push_back(i);
    }
    return layout;
}

std::size_t Grid::total(const Layout& layout) const {
    std::size_t sum = layout.shown.empty() ? 0 : kGap * (layout.shown.size() - 1);
    for (const std::size_t i : layout.shown) {
        sum += layout.widths[i];
    }
    return sum;
}

// With every column that may be cut at its least.
std::size_t Grid::least_total(const Layout& layout) const {
    std::size_t sum = total(layout);
    for (const std::size_t i : layout.shown) {
        const std::size_t least = columns_[i].least == 0 ? layout.widths[i] : columns_[i].least;
        sum -= layout.widths[i] - std::min(least, layout.widths[i]);
    }
    return sum;
}

void Grid::drop_columns(Layout& layout, std::size_t width) const {
    while (least_total(layout) > width) {
        const auto first = std::max_element(
            layout.shown.begin(), layout.shown.end(), [&](std::size_t a, std::size_t b) {
                return columns_[a].expendable < columns_[b].expendable;
            });
        if (first == layout.shown.end() || columns_[*first].expendable == 0) {
            return;
        }
        layout.shown.erase(first);
    }
}

// One character at a time off the widest column that may be cut.
void Grid::cut_columns(Layout& layout, std::size_t width) const {
    while (total(layout) > width) {
        std::size_t* widest = nullptr;
        for (const std::size_t i : layout.shown) {
            const bool may = columns_[i].least != 0 && layout.widths[i] > columns_[i].least;
            if (may && (widest == nullptr || layout.widths[i] > *widest)) {
                widest = &layout.widths[i];
            }
        }
        if (widest == nullptr) {
            return;
        }
        --*widest;
    }
}

void Grid::fill_width(Layout& layout, std::size_t width) const {
    const std::size_t used = total(layout);
    if (filler_ && used < width) {
        layout.widths[*filler_] += width - used;
    }
}

Grid::Layout Grid::layout(std::size_t width, bool header) const {
    Layout layout = natural(header);
    drop_columns(layout, width);
    cut_columns(layout, width);
    fill_width(layout, width);
    return layout;
}

Line Grid::line(const Line& cells, const Layout& layout, bool ascii) const {
    Line result;
    for (const std::size_t i : layout.shown) {
        const std::string text = model::cut(cells[i].text, layout.widths[i], ascii);
        const std::string blank = padding(model::columns_of(text), layout.widths[i]);
        std::string before = result.empty() ? "" : std::string(kGap, ' ');
        if (columns_[i].align == Align::kRight) {
            before += blank;
        }
        result.push_back({before, Style::kPlain});
        result.push_back({text, cells[i].style});
        if (columns_[i].align == Align::kLeft) {
            result.push_back({blank, Style::kPlain});
        }
    }
    return result;
}

std::vector<Line> Grid::lines(std::size_t width, bool ascii, bool header) const {
    const Layout layout = this->layout(width, header);
    std::vector<Line> lines;
    if (header) {
        Line titles;
        for (const GridColumn& column : columns_) {
            titles.push_back({column.title, Style::kBold});
        }
        lines.push_back(line(titles, layout, ascii));
    }
    for (const Line& cells : rows_) {
        lines.push_back(line(cells, layout, ascii));
    }
    return lines;
}

Line spread(Line left, Line right, std::size_t width) {
    const std::size_t used = columns_of(left) + columns_of(right);
    left.push_back({std::string(used < width ? width - used : 1, ' '), Style::kPlain});
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

std::string render(const Line& line, const Terminal& terminal) {
    std::string text;
    for (const Span& span : line) {
        text += terminal.paint(span.style, span.text);
    }
    const auto end = text.find_last_not_of(' ');
    return text.substr(0, end == std::string::npos ? 0 : end + 1);
}

std::string render(const std::vector<Line>& lines, const Terminal& terminal) {
    std::string text;
    for (const Line& line : lines) {
        text += render(line, terminal) + '\n';
    }
    return text;
}

}  // namespace tidemark::cli
