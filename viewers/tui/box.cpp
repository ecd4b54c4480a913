// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "viewers/model/text.hpp"
#include "viewers/tui/widgets.hpp"

namespace tidemark::tui {

std::size_t box_height(const Size& size) { return size.rows > 4 ? size.rows - 4 : 1; }

std::string more_lines(std::size_t count) {
    return " " + std::to_string(count) + (count == 1 ? " more line " : " more lines ");
}

void box(Screen& screen, const std::string& title, const std::vector<Line>& lines,
         std::optional<std::size_t> selected, std::size_t first) {
    const Size size = screen.size();
    const bool ascii = screen.ascii();
    std::size_t inner = model::columns_of(title) + 2;
    for (const Line& line : lines)
        inner = std::max(inner, columns_of(line));
    inner = std::min(inner, size.columns > 6 ? size.columns - 6 : 1);
    const std::size_t height = std::min(lines.size(), box_height(size));
    // The selected line stays in sight.
    if (selected.value_or(0) >= height) first = *selected - height + 1;
    first = std::min(first, lines.size() - height);
    const std::size_t x = (size.columns - inner - 4) / 2;
    const std::size_t y = (size.rows - height - 2) / 2;
    screen.clear(x, y, inner + 4, height + 2);
    std::string strokes;
    for (std::size_t i = 0; i < inner + 2; ++i)
        strokes += ascii ? "-" : "─";
    const Look frame{Style::kAccent};
    screen.put(x, y, (ascii ? "+" : "╭") + strokes + (ascii ? "+" : "╮"), frame);
    screen.put(x + 2, y, " " + title + " ", kTitle, inner);
    for (std::size_t i = 0; i < height; ++i) {
        screen.put(x, y + 1 + i, ascii ? "|" : "│", frame);
        Line line = lines[first + i];
        if (selected == first + i) {
            line.push_back({std::string(inner - std::min(inner, columns_of(line)), ' '), {}});
            for (Span& span : line)
                span.look.reverse = true;
        }
        screen.put(x + 2, y + 1 + i, cut(line, inner, ascii));
        screen.put(x + inner + 3, y + 1 + i, ascii ? "|" : "│", frame);
    }
    screen.put(x, y + height + 1, (ascii ? "+" : "╰") + strokes + (ascii ? "+" : "╯"), frame);
    if (const std::size_t below = lines.size() - first - height; below != 0) {
        screen.put(x + 2, y + height + 1, more_lines(below), {Style::kWarning}, inner);
    }
}

}  // namespace tidemark::tui
