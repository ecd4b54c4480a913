// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/terminfo.hpp"

// In this order: the second needs the first.
// clang-format off
#include <curses.h>
#include <term.h>
// clang-format on

namespace tidemark::cli::terminfo {
namespace {

// tputs() hands out single characters and nothing else, so where they go is global.
std::string* g_expanded = nullptr;

int append(int c) {
    *g_expanded += static_cast<char>(c);
    return c;
}

bool is_string(const char* sequence) {
    return sequence != nullptr && sequence != reinterpret_cast<const char*>(-1);
}

std::string expanded(const char* sequence) {
    std::string text;
    if (is_string(sequence)) {
        g_expanded = &text;
        tputs(sequence, 1, append);
        g_expanded = nullptr;
    }
    return text;
}

}  // namespace

bool load(const char* name, int fd) {
    int error = 0;
    return setupterm(name, fd, &error) == OK;
}

std::string capability(const char* name) { return expanded(tigetstr(name)); }

std::string foreground(int colour) {
    char* set = tigetstr("setaf");
    return is_string(set)
               ? expanded(tparm(set, static_cast<long>(colour), 0L, 0L, 0L, 0L, 0L, 0L, 0L, 0L))
               : "";
}

}  // namespace tidemark::cli::terminfo
