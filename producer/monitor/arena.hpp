// SPDX-License-Identifier: Apache-2.0
//
// Where the shards' tables lie. All tables of one size stand side by side in one map, so that large pages hold several of
// them; a map is made when the first shard needs that size. Memory comes from mmap: nothing here calls malloc, which may
// itself be what is tracked.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "producer/monitor/lock.hpp"

namespace tidemark::monitor {

// One live buffer. All zero: free.
struct Entry {
    std::uint64_t id;
    std::uint64_t info;   // see registry.hpp
    std::uint64_t ticks;  // of the monitor's clock, when it was told
};
static_assert(sizeof(Entry) == 24);

class Arena {
public:
    static constexpr unsigned kShards = 64;
    static constexpr unsigned kGenerations = 22;
    static constexpr std::uint64_t slots_of(unsigned generation) noexcept {
        return std::uint64_t{128} << generation;
    }

    // The shard's table of that size, all zero; nullptr if there is no memory for it. Any thread, each shard its own.
    Entry* table(unsigned shard, unsigned generation) noexcept;
    // Zeroes it and gives its memory back.
    static void release(Entry* table, unsigned generation) noexcept;
    // Unmaps all; nobody may use it any more.
    void unmap() noexcept;

private:
    struct Map {
        void* base;
        std::size_t size;
        std::byte* tables;  // aligned
    };
    static Map make(unsigned generation) noexcept;

    Lock lock_;
    Map maps_[kGenerations] = {};
};

}  // namespace tidemark::monitor
