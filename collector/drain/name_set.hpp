// SPDX-License-Identifier: Apache-2.0
//
// Names that were seen, a few words each however long they are: anybody may make a hundred thousand of them. Two names
// may be taken for one, with a chance of one in 2^64.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_set>

namespace tidemark::collector {

// One thread.
class NameSet {
public:
    // `second`: it was not there before.
    auto insert(const std::string& name) { return hashes_.insert(hash(name)); }
    std::size_t count(const std::string& name) const { return hashes_.count(hash(name)); }
    std::size_t size() const noexcept { return hashes_.size(); }
    void swap(NameSet& other) noexcept { hashes_.swap(other.hashes_); }

private:
    static std::size_t hash(const std::string& name) { return std::hash<std::string>()(name); }
    std::unordered_set<std::size_t> hashes_;
};

}  // namespace tidemark::collector
