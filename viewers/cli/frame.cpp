// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/frame.hpp"

#include <algorithm>
#include <cmath>

#include "viewers/model/text.hpp"

namespace tidemark::cli {

void Frame::lines(const std::vector<Line>& lines) {
    for (const Line& one : lines) {
        line(one);
    }
}

std::string Frame::horizontal(const char* left, const char* right) const {
    std::string text = left;
    for (std::size_t i = 2; i < width_; ++i) {
        text += ascii_ ? "-" : "─";
    }
    return text + right;
}

// Exactly inner_width() wide: a line that is too long is cut where it leaves the box.
Line Frame::fitted(const Line& line) const {
    Line result;
    std::size_t left = inner_width();
    for (const Span& span : line) {
        const std::string text =
            model::cut(ascii_ ? model::ascii_only(span.text) : span.text, left, ascii_);
        left -= model::columns_of(text);
        result.push_back({text, span.style});
    }
    result.push_back({std::string(left, ' '), Style::kPlain});
    return result;
}

std::string Frame::render(const Terminal& terminal) const {
    const std::string side = terminal.paint(Style::kDim, ascii_ ? "|" : "│");
    const auto rule = [&](const char* left, const char* right) {
        return terminal.paint(Style::kDim, horizontal(ascii_ ? "+" : left, ascii_ ? "+" : right)) +
               '\n';
    };
    std::string text = rule("╭", "╮");
    bool first = true;
    for (const auto& section : sections_) {
        if (section.empty()) {
            continue;
        }
        text += first ? std::string() : rule("├", "┤");
        first = false;
        for (const Line& line : section) {
            std::string inner;
            for (const Span& span : fitted(line)) {
                inner += terminal.paint(span.style, span.text);
            }
            text += side + ' ' + inner + ' ' + side + '\n';
        }
    }
    return text + rule("╰", "╯");
}

std::string bar(double share, std::size_t columns, bool ascii) {
    const double clamped = std::clamp(share, 0.0, 1.0);
    auto filled = static_cast<std::size_t>(std::lround(clamped * static_cast<double>(columns)));
    // Something is not nothing, and nearly full is not full.
    if (clamped > 0 && filled == 0) {
        filled = 1;
    }
    if (clamped < 1 && filled == columns && columns > 1) {
        --filled;
    }
    std::string text;
    for (std::size_t i = 0; i < columns; ++i) {
        text += i < filled ? (ascii ? "#" : "█") : (ascii ? "." : "░");
    }
    return text;
}

}  // namespace tidemark::cli
