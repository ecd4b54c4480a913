// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/curses.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <ncursesw/curses.h>
#include <ncursesw/term.h>
#undef lines
#undef columns

#include <cstdlib>

#include "viewers/tui/curses_keys.hpp"

namespace tidemark::tui {
namespace {

// Long enough for the bytes of one key over a slow line, short enough not to be felt.
constexpr int kEscapeDelayMs = 50;
constexpr int kBrightBlack = 8;

constexpr short kPairGood = 1;
constexpr short kPairWarning = 2;
constexpr short kPairBad = 3;
constexpr short kPairAccent = 4;
constexpr short kPairDim = 5;

}  // namespace

std::unique_ptr<Curses> Curses::open(bool colour, std::string& error) {
    const char* name = std::getenv("TERM");
    const std::string terminal = name != nullptr && *name != '\0' ? name : "(TERM is not set)";
    auto curses = std::unique_ptr<Curses>(new Curses(colour));
    curses->screen_ = newterm(nullptr, stdout, stdin);
    if (curses->screen_ == nullptr) {
        error = "the terminal " + terminal + " is not known to terminfo";
        return nullptr;
    }
    char can_address[] = "cup";
    const char* sequence = tigetstr(can_address);
    if (sequence == nullptr || sequence == reinterpret_cast<const char*>(-1)) {
        error = "the terminal " + terminal + " cannot move its cursor";
        return nullptr;
    }
    curses->resume();
    define_keys();
    return curses;
}

Curses::Curses(bool colour) : colour_(colour) {}

Curses::~Curses() {
    if (screen_ == nullptr) return;
    endwin();
    delscreen(static_cast<SCREEN*>(screen_));
}

void Curses::suspend() { endwin(); }

void Curses::resume() {
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(kEscapeDelayMs);
    curs_set(0);
    colour_ = colour_ && has_colors();
    if (colour_) {
        start_color();
        use_default_colors();
        has_grey_ = COLORS > kBrightBlack;
        init_pair(kPairGood, COLOR_GREEN, -1);
        init_pair(kPairWarning, COLOR_YELLOW, -1);
        init_pair(kPairBad, COLOR_RED, -1);
        init_pair(kPairAccent, COLOR_CYAN, -1);
        if (has_grey_) init_pair(kPairDim, kBrightBlack, -1);
    }
    clearok(stdscr, TRUE);
    shown_.reset();
}

Size Curses::measure() {
    winsize window{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 &&
        window.ws_row > 0 && (window.ws_col != COLS || window.ws_row != LINES)) {
        resizeterm(window.ws_row, window.ws_col);
        clearok(stdscr, TRUE);
        shown_.reset();
    }
    return {static_cast<std::size_t>(COLS), static_cast<std::size_t>(LINES)};
}

std::optional<char32_t> Curses::key() { return read_key(); }

void Curses::draw(const Screen& screen) {
    const Size size = screen.size();
    if (shown_ && shown_->size() != size) shown_.reset();
    if (!shown_) werase(stdscr);
    for (std::size_t y = 0; y < size.rows; ++y) {
        for (std::size_t x = 0; x < size.columns; ++x) {
            const Cell& cell = screen.at(x, y);
            if (cell.code == 0 || (shown_ ? shown_->at(x, y) == cell : cell == Cell{})) continue;
            attr_t attributes = A_NORMAL;
            short pair = 0;
            const auto coloured = [&](short number) { pair = colour_ ? number : short{0}; };
            switch (cell.look.style) {
                case Style::kGood:
                    coloured(kPairGood);
                    break;
                case Style::kWarning:
                    coloured(kPairWarning);
                    break;
                case Style::kBad:
                    coloured(kPairBad);
                    break;
                case Style::kAccent:
                    coloured(kPairAccent);
                    break;
                case Style::kDim:
                    if (colour_ && has_grey_) {
                        pair = kPairDim;
                    } else {
                        attributes |= A_DIM;
                    }
                    break;
                case Style::kBold:
                case Style::kPlain:
                    break;
            }
            // Dim text on the cursor's bar would vanish.
            if (cell.look.reverse) {
                attributes = (attributes & ~A_DIM) | A_REVERSE;
                if (pair == kPairDim) pair = 0;
            }
            if (cell.look.bold || cell.look.style == Style::kBold) attributes |= A_BOLD;
            const wchar_t text[2] = {static_cast<wchar_t>(cell.code), L'\0'};
            cchar_t glyph{};
            setcchar(&glyph, text, attributes, pair, nullptr);
            mvwadd_wch(stdscr, static_cast<int>(y), static_cast<int>(x), &glyph);
        }
    }
    wrefresh(stdscr);
    shown_ = screen;
}

}  // namespace tidemark::tui
