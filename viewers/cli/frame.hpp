// SPDX-License-Identifier: Apache-2.0
//
// A box with sections, drawn around lines that are laid out already (grid.hpp).
#pragma once

#include <string>
#include <vector>

#include "viewers/cli/grid.hpp"

namespace tidemark::cli {

class Frame {
public:
    // `width`: the whole box, at least 40.
    Frame(std::size_t width, bool ascii) : width_(width), ascii_(ascii) {}

    std::size_t inner_width() const { return width_ - 4; }
    bool ascii() const { return ascii_; }

    void line(Line line) { sections_.back().push_back(std::move(line)); }
    void lines(const std::vector<Line>& lines);
    // A rule between what came before and what follows; none beside an empty section.
    void rule() { sections_.emplace_back(); }

    // The painted text, each line ended.
    std::string render(const Terminal& terminal) const;

private:
    std::string horizontal(const char* left, const char* right) const;
    Line fitted(const Line& line) const;

    std::size_t width_;
    bool ascii_;
    std::vector<std::vector<Line>> sections_{1};
};

// `share` (0 to 1) of `columns` filled.
std::string bar(double share, std::size_t columns, bool ascii);

}  // namespace tidemark::cli
