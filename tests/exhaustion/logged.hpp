// SPDX-License-Identifier: Apache-2.0
//
// A collector that says everything, into a file.
#pragma once

#include <fstream>

#include "tests/process/gateway_world.hpp"

namespace tidemark::test {

inline std::unique_ptr<Collector> logged_collector(const std::string& instance, const Words& more,
                                                   const std::string& path) {
    const int log = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const int standard_error = dup(STDERR_FILENO);
    dup2(log, STDERR_FILENO);
    Words words{"-v", "-v"};
    words.insert(words.end(), more.begin(), more.end());
    auto collector = std::make_unique<Collector>(instance, words);
    dup2(standard_error, STDERR_FILENO);
    close(standard_error);
    close(log);
    REQUIRE(collector->is_ready());
    return collector;
}

// Lines of a file that hold `part`.
inline std::size_t times(const std::string& path, const std::string& part) {
    std::ifstream file(path);
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);)
        count += line.find(part) != std::string::npos;
    return count;
}

}  // namespace tidemark::test
