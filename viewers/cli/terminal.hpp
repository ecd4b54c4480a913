// SPDX-License-Identifier: Apache-2.0
//
// What is at the other end of a descriptor: a terminal with a size, colours and a cursor, or a file. Every control
// sequence comes from terminfo; a terminal that lacks one simply does not get it.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "viewers/cli/options.hpp"
#include "viewers/model/style.hpp"

namespace tidemark::cli {

using model::kStyleCount;
using model::Style;

struct Size {
    std::size_t columns = 80;
    std::size_t rows = 24;
};

class Terminal {
public:
    // `fd` stays the caller's. Colour as --color, NO_COLOR and the terminal allow; box characters unless `ascii` or the
    // environment names a character set other than UTF-8.
    Terminal(int fd, ColorChoice color, bool ascii);

    bool interactive() const { return interactive_; }
    bool ascii() const { return ascii_; }
    bool colour() const { return colour_; }
    // Asked anew each time; 80 x 24 where there is none, or COLUMNS if that is set.
    Size size() const;

    // `text` between the sequences of `style`.
    std::string paint(Style style, const std::string& text) const;

    // Drawing in place. Empty if the terminal cannot.
    const std::string& enter() const { return enter_; }  // to the other screen, cursor hidden
    const std::string& leave() const { return leave_; }  // back, cursor shown
    const std::string& home() const { return home_; }    // to the upper left corner
    const std::string& clear_line() const { return clear_line_; }  // to the end of the line
    const std::string& clear_below() const { return clear_below_; }
    bool can_redraw() const { return interactive_ && !home_.empty() && !clear_below_.empty(); }

private:
    void load_sequences(bool colour);

    int fd_;
    bool interactive_;
    bool ascii_;
    bool colour_;
    std::array<std::string, kStyleCount> begin_;
    std::string end_, enter_, leave_, home_, clear_line_, clear_below_;
};

}  // namespace tidemark::cli
