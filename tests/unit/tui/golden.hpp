// SPDX-License-Identifier: Apache-2.0
//
// Whole screens, compared with the files of golden/. TIDEMARK_WRITE_GOLDEN=1 writes them anew; then look at each.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "viewers/tui/state.hpp"

namespace tidemark::test {

inline std::string tui_file(const std::string& name) {
    return std::string(std::getenv("TIDEMARK_SOURCE_DIR")) + "/tests/unit/tui/" + name;
}

inline std::string text_of_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void check_golden(const std::string& name, const std::string& text) {
    const std::string path = tui_file("golden/" + name);
    if (std::getenv("TIDEMARK_WRITE_GOLDEN") != nullptr) std::ofstream(path) << text;
    CHECK_MESSAGE(text_of_file(path) == text, "not as in " << path << ":\n" << text);
}

inline tui::State state_of(std::size_t columns, std::size_t rows) {
    tui::State state;
    state.size = {columns, rows};
    return state;
}

}  // namespace tidemark::test
