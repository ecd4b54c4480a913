// SPDX-License-Identifier: Apache-2.0
//
// The kill points of the drain side, as its sources name them.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace tidemark::test {

// The text between the first two quotation marks after each macro's name.
inline std::set<std::string> points_in(const std::string& path) {
    std::ifstream file(path);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    std::set<std::string> names;
    for (const std::string macro : {"TIDEMARK_SHARED_STORE(", "TIDEMARK_KILL_POINT("}) {
        for (auto at = text.find(macro); at != std::string::npos; at = text.find(macro, at + 1)) {
            const auto begin = text.find_first_not_of(" \n", at + macro.size());
            if (begin == std::string::npos || text[begin] != '"') continue;
            names.insert(text.substr(begin + 1, text.find('"', begin + 1) - begin - 1));
        }
    }
    return names;
}

inline std::set<std::string> points_of_the_drain_side() {
    const std::string root = std::getenv("TIDEMARK_SOURCE_DIR");
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root + "/collector"))
        if (entry.is_regular_file()) names.merge(points_in(entry.path()));
    for (const char* file : {"latch.hpp", "stats_words.hpp", "lane_reader.hpp", "bell_slots.cpp"})
        names.merge(points_in(root + "/shm/" + file));
    return names;
}

}  // namespace tidemark::test
