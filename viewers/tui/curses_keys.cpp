// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/curses_keys.hpp"

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <ncursesw/curses.h>
#undef lines
#undef columns

#include "viewers/tui/state.hpp"

namespace tidemark::tui {
namespace {

// ncurses' own numbers, before ours shadow them.
constexpr wint_t kNcursesFunction = KEY_F0;

char32_t translated(wint_t key) {
    switch (key) {
        case KEY_UP:
            return Key::kUp;
        case KEY_DOWN:
            return Key::kDown;
        case KEY_LEFT:
            return Key::kLeft;
        case KEY_RIGHT:
            return Key::kRight;
        case KEY_PPAGE:
            return Key::kPageUp;
        case KEY_NPAGE:
            return Key::kPageDown;
        case KEY_HOME:
            return Key::kHome;
        case KEY_END:
            return Key::kEnd;
        case KEY_ENTER:
            return Key::kEnter;
        case KEY_BACKSPACE:
            return Key::kBackspace;
        case kNcursesFunction + 1:
            return Key::kF1;
        case kNcursesFunction + 9:
            return Key::kF9;
        case kNcursesFunction + 10:
            return Key::kF10;
        default:
            return 0;
    }
}

char32_t plain(wint_t key) {
    switch (key) {
        case L'\n':
        case L'\r':
            return Key::kEnter;
        case 27:
            return Key::kEscape;
        case 8:
        case 127:
            return Key::kBackspace;
        default:
            return static_cast<char32_t>(key);
    }
}

// Behind Esc, the rest of a sequence that nobody knows; false: Esc was the key itself.
bool skip_sequence() {
    wint_t next = 0;
    const int kind = get_wch(&next);
    if (kind == KEY_CODE_YES) ungetch(static_cast<int>(next));
    if (kind != OK) return false;
    if (next != L'[' && next != L'O') {
        unget_wch(static_cast<wchar_t>(next));
        return false;
    }
    const bool is_short = next == L'O';  // one more byte, else all before one from @ on
    while (get_wch(&next) == OK && next < L'@' && !is_short) {
    }
    return true;
}

}  // namespace

void define_keys() {
    struct Sequence {
        const char* bytes;
        int key;
    };
    constexpr Sequence kSequences[] = {
        {"\033[1~", KEY_HOME},  {"\033[7~", KEY_HOME}, {"\033[H", KEY_HOME},
        {"\033OH", KEY_HOME},   {"\033[4~", KEY_END},  {"\033[8~", KEY_END},
        {"\033[F", KEY_END},    {"\033OF", KEY_END},   {"\033[5~", KEY_PPAGE},
        {"\033[6~", KEY_NPAGE}, {"\033[2~", KEY_IC},   {"\033[3~", KEY_DC},
        {"\033[A", KEY_UP},     {"\033[B", KEY_DOWN},  {"\033[C", KEY_RIGHT},
        {"\033[D", KEY_LEFT},   {"\033OA", KEY_UP},    {"\033OB", KEY_DOWN},
        {"\033OC", KEY_RIGHT},  {"\033OD", KEY_LEFT}};
    for (const Sequence& one : kSequences) {
        if (key_defined(one.bytes) == 0) define_key(one.bytes, one.key);
    }
}

std::optional<char32_t> read_key() {
    for (;;) {
        wint_t key = 0;
        const int kind = get_wch(&key);
        if (kind == ERR) return std::nullopt;
        if (kind == OK && key == 27 && skip_sequence()) continue;
        const char32_t meant = kind == KEY_CODE_YES ? translated(key) : plain(key);
        if (meant != 0) return meant;  // what we have no use for is taken away
    }
}

}  // namespace tidemark::tui
