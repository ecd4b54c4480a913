// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/terminal.hpp"

#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

#include "viewers/cli/terminfo.hpp"
#include "viewers/model/units.hpp"

namespace tidemark::cli {
namespace {

// ANSI numbers of colours.
constexpr int kRed = 1;
constexpr int kGreen = 2;
constexpr int kYellow = 3;
constexpr int kCyan = 6;

// The value of a variable; null if it is empty or not set.
const char* environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0' ? value : nullptr;
}

// What the first of these that is set says; nothing said means a terminal of today, which is UTF-8.
bool says_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        if (const char* value = environment(name)) {
            return strcasestr(value, "utf-8") != nullptr || strcasestr(value, "utf8") != nullptr;
        }
    }
    return true;
}

}  // namespace

Terminal::Terminal(int fd, ColorChoice color, bool ascii)
    : fd_(fd),
      interactive_(isatty(fd) == 1),
      ascii_(ascii || !says_utf8()),
      colour_(color == ColorChoice::kAlways ||
              (color == ColorChoice::kAuto && interactive_ && !environment("NO_COLOR"))) {
    if (interactive_ || colour_) {
        load_sequences(colour_);
    }
}

void Terminal::load_sequences(bool colour) {
    const char* name = environment("TERM") != nullptr ? environment("TERM") : "ansi";
    if (!terminfo::load(name, fd_) && !terminfo::load("ansi", fd_)) {
        return;
    }
    if (colour) {
        begin_[static_cast<std::size_t>(Style::kBold)] = terminfo::capability("bold");
        begin_[static_cast<std::size_t>(Style::kDim)] = terminfo::capability("dim");
        begin_[static_cast<std::size_t>(Style::kGood)] = terminfo::foreground(kGreen);
        begin_[static_cast<std::size_t>(Style::kWarning)] = terminfo::foreground(kYellow);
        begin_[static_cast<std::size_t>(Style::kBad)] = terminfo::foreground(kRed);
        begin_[static_cast<std::size_t>(Style::kAccent)] = terminfo::foreground(kCyan);
        end_ = terminfo::capability("sgr0");
    }
    if (interactive_) {
        enter_ = terminfo::capability("smcup") + terminfo::capability("civis");
        leave_ = terminfo::capability("cnorm") + terminfo::capability("rmcup");
        home_ = terminfo::capability("home");
        clear_line_ = terminfo::capability("el");
        clear_below_ = terminfo::capability("ed");
    }
}

Size Terminal::size() const {
    Size size;
    winsize window{};
    if (interactive_ && ioctl(fd_, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) {
        return {window.ws_col, window.ws_row > 0 ? window.ws_row : size.rows};
    }
    if (const char* set = environment("COLUMNS")) {
        const auto columns = model::parse_unsigned(set);
        if (columns && *columns >= 40 && *columns <= 1000) {
            size.columns = *columns;
        }
    }
    return size;
}

std::string Terminal::paint(Style style, const std::string& text) const {
    const std::string& begin = begin_[static_cast<std::size_t>(style)];
    return begin.empty() || text.empty() ? text : begin + text + end_;
}

}  // namespace tidemark::cli
