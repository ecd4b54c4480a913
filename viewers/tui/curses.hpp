// SPDX-License-Identifier: Apache-2.0
//
// The terminal itself, through ncurses: draws the cells of a Screen that changed since the one before, reads keys, and
// gives the terminal back as it was. The header of ncurses stays in curses.cpp: it defines macros of common words.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "viewers/tui/screen.hpp"

namespace tidemark::tui {

class Curses {
public:
    // Takes over the terminal at standard input and output. Nothing, with `error`, if it cannot draw.
    static std::unique_ptr<Curses> open(bool colour, std::string& error);
    ~Curses();
    Curses(const Curses&) = delete;
    Curses& operator=(const Curses&) = delete;

    void draw(const Screen& screen);

    // The next key that came, without waiting.
    std::optional<char32_t> key();

    // Asks the terminal how large it is, after SIGWINCH.
    Size measure();

    // Gives the terminal back for a while (SIGTSTP), and takes it again; all is drawn anew then.
    void suspend();
    void resume();

private:
    explicit Curses(bool colour);

    bool colour_;
    bool has_grey_ = false;
    void* screen_ = nullptr;
    std::optional<Screen> shown_;
};

}  // namespace tidemark::tui
