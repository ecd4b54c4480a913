// SPDX-License-Identifier: Apache-2.0
//
// The kill points that the sources name, by the side that passes them. A point that no test reached is a failure, so
// nothing here is a list by hand, except of those that a correct system never passes.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

namespace tidemark::test {

// Kills by point, to be printed.
using Kills = std::map<std::string, std::uint64_t>;

// One point, reached for the count-th time.
struct Death {
    std::string point;
    std::uint64_t count = 1;
    std::string armed() const { return point + ":" + std::to_string(count); }
};

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

inline std::set<std::string> points_under(const std::string& folder) {
    std::set<std::string> names;
    const std::string root = std::getenv("TIDEMARK_SOURCE_DIR");
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root + "/" + folder))
        if (entry.is_regular_file()) names.merge(points_in(entry.path()));
    return names;
}

// What of shm/ only producers pass: the writer's end of a lane, making a ring, ringing a bell; the gateway's rings have
// tests of their own.
inline std::set<std::string> points_of_the_producer_side() {
    const std::string root = std::getenv("TIDEMARK_SOURCE_DIR");
    std::set<std::string> names = points_under("producer");
    for (const char* file : {"lane_writer.hpp", "bell_ring.hpp", "untracked.hpp", "raw_segment.cpp",
                             "ring_header.hpp"})
        names.merge(points_in(root + "/shm/" + file));
    return names;
}

inline std::set<std::string> points_of_the_drain_side() {
    std::set<std::string> names = points_under("shm");
    names.merge(points_under("collector"));
    for (const std::string& point : points_of_the_producer_side())
        names.erase(point);
    // A difference that the audit finds is a defect.
    names.erase("ledger.audit_differences");
    return names;
}

inline std::string listed(const Kills& kills) {
    std::string text;
    for (const auto& [point, count] : kills)
        text += "  " + point + " " + std::to_string(count) + "\n";
    return text;
}

}  // namespace tidemark::test
