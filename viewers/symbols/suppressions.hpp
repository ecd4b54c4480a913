// SPDX-License-Identifier: Apache-2.0
//
// Leaks that somebody knows of: files in LeakSanitizer's format. A line is `leak:PATTERN`, empty, or a comment (#). A
// pattern is found anywhere in the name of a function, a file or a module of any frame; `*` stands for any text, `^`
// at its begin and `$` at its end tie it to those.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "viewers/model/buffers.hpp"

namespace tidemark::symbols {

bool matches_pattern(std::string_view pattern, std::string_view text);

class Suppressions {
public:
    // Nothing on failure, with `error` as a sentence that names the file and the line.
    static std::optional<Suppressions> read(const std::string& path, std::string& error);
    static std::optional<Suppressions> parse(std::string_view text, const std::string& path,
                                             std::string& error);

    bool suppresses(const model::CallStack& stack) const;

private:
    std::vector<std::string> patterns_;
};

// Bytes and buffers of one device and pool of one image.
struct SuppressedPool {
    std::uint64_t image = 0;
    std::optional<std::int32_t> pid;
    std::uint32_t device = 0;
    std::string pool_name;
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};

struct Suppressed {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    std::uint64_t sites = 0;  // different call sites
    std::vector<SuppressedPool> pools;
};

// Takes the leaks that match off the list. Names the call sites of all first.
Suppressed suppress(const Suppressions& suppressions, model::BufferList& list);

}  // namespace tidemark::symbols
