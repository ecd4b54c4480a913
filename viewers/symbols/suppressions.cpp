// SPDX-License-Identifier: Apache-2.0
#include "viewers/symbols/suppressions.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

#include "viewers/symbols/symbols.hpp"

namespace tidemark::symbols {
namespace {

constexpr std::string_view kLeak = "leak:";

std::string_view trimmed(std::string_view line) {
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) {
        return {};
    }
    return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

SuppressedPool& pool_of(Suppressed& all, const model::BufferList& list, const model::Buffer& leak) {
    const std::string& name = list.pool_name(leak);
    const auto found =
        std::find_if(all.pools.begin(), all.pools.end(), [&](const SuppressedPool& pool) {
            return pool.image == leak.image && pool.pid == leak.pid && pool.device == leak.device &&
                   pool.pool_name == name;
        });
    if (found != all.pools.end()) {
        return *found;
    }
    all.pools.push_back({leak.image, leak.pid, leak.device, name, 0, 0});
    return all.pools.back();
}

}  // namespace

// Each part between asterisks is looked for behind the one before it; the earliest place is as good as any, but for a
// last part that must end the text.
bool matches_pattern(std::string_view pattern, std::string_view text) {
    if (pattern.empty() || text.empty()) {
        return false;
    }
    bool at_begin = pattern.front() == '^';
    pattern.remove_prefix(at_begin ? 1 : 0);
    const bool at_end = !pattern.empty() && pattern.back() == '$';
    pattern.remove_suffix(at_end ? 1 : 0);
    std::size_t from = 0;
    while (true) {
        const auto star = pattern.find('*');
        const bool is_last = star == std::string_view::npos;
        const std::string_view part = pattern.substr(0, star);
        if (is_last && at_end) {
            const bool fits = text.size() - from >= part.size() &&
                              (!at_begin || text.size() - from == part.size());
            return fits && text.substr(text.size() - part.size()) == part;
        }
        const auto at = text.find(part, from);
        if (at == std::string_view::npos || (at_begin && at != from)) {
            return false;
        }
        if (is_last) {
            return true;
        }
        from = at + part.size();
        at_begin = false;
        pattern.remove_prefix(star + 1);
    }
}

std::optional<Suppressions> Suppressions::parse(std::string_view text, const std::string& path,
                                                std::string& error) {
    Suppressions all;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line.front() == '#') {
            continue;
        }
        const std::string_view pattern = line.substr(std::min(kLeak.size(), line.size()));
        if (line.substr(0, kLeak.size()) != kLeak || pattern.empty()) {
            error = "cannot use suppressions of " + path + ", line " + std::to_string(number) +
                    ": '" + std::string(line) + "' is not leak:PATTERN";
            return std::nullopt;
        }
        all.patterns_.emplace_back(pattern);
    }
    return all;
}

std::optional<Suppressions> Suppressions::read(const std::string& path, std::string& error) {
    errno = 0;
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    if (stream.peek() != std::ifstream::traits_type::eof()) {
        text << stream.rdbuf();
    }
    if (!stream.is_open() || stream.bad()) {
        error = "cannot read suppressions from " + path + ": " +
                (errno != 0 ? std::strerror(errno) : "it is no file");
        return std::nullopt;
    }
    return parse(text.str(), path, error);
}

bool Suppressions::suppresses(const model::CallStack& stack) const {
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const std::string& pattern) {
        return std::any_of(stack.frames.begin(), stack.frames.end(),
                           [&](const model::CallFrame& frame) {
                               return matches_pattern(pattern, frame.function) ||
                                      matches_pattern(pattern, frame.file) ||
                                      matches_pattern(pattern, frame.module);
                           });
    });
}

Suppressed suppress(const Suppressions& suppressions, model::BufferList& list) {
    name_stacks(list);
    std::vector<bool> known(list.stacks.size());
    std::vector<bool> used(list.stacks.size());
    for (std::size_t i = 0; i < list.stacks.size(); ++i) {
        known[i] = suppressions.suppresses(list.stacks[i]);
    }
    Suppressed all;
    std::set<std::string> sites;
    std::erase_if(list.buffers, [&](const model::Buffer& leak) {
        if (leak.stack == 0 || !known[leak.stack - 1]) {
            return false;
        }
        used[leak.stack - 1] = true;
        SuppressedPool& pool = pool_of(all, list, leak);
        ++pool.count;
        pool.bytes += leak.size;
        ++all.count;
        all.bytes += leak.size;
        return true;
    });
    for (std::size_t i = 0; i < used.size(); ++i) {
        if (used[i]) {
            sites.insert(site_key(list.stacks[i]));
        }
    }
    all.sites = sites.size();
    return all;
}

}  // namespace tidemark::symbols
