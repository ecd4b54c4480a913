// SPDX-License-Identifier: Apache-2.0
//
// Rivals of apply.cpp that forget everything when their process dies: the standard library's map, and the best that a
// table in memory can do, which only keeps what a free must find. Used as the stores of apply_stores.hpp.
#pragma once

#include <bit>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "shm/event.hpp"

namespace tidemark::bench {

struct BufferKey {
    std::uint64_t id;
    std::uint32_t device, pool;
    bool operator==(const BufferKey&) const = default;
};

inline BufferKey key_of(const shm::Event& event) { return {event.id, event.device, event.pool()}; }

// One multiplication, high bits mixed down; a hostile program's ids would break it.
struct BufferHash {
    std::uint64_t operator()(const BufferKey& key) const noexcept {
        const std::uint64_t mixed =
            (key.id ^ std::uint64_t{key.device} << 48 ^ key.pool) * 0x9E3779B97F4A7C15ull;
        return mixed ^ mixed >> 32;
    }
};

class StandardMap {
public:
    explicit StandardMap(std::uint64_t live) { map_.reserve(live * 2); }
    void begin() {}
    std::uint64_t hash(const shm::Event&) const { return 0; }  // it makes its own
    void prefetch(std::uint64_t) const {}
    void apply(const shm::Event& event, std::uint64_t) {
        if (event.operation() == shm::Operation::kFree)
            map_.erase(key_of(event));
        else
            map_.insert_or_assign(key_of(event), Buffer{event.size(), event.stamp});
    }
    void commit() {}
    std::uint64_t live() const { return map_.size(); }

private:
    struct Buffer {
        std::uint64_t size, stamp;
    };
    std::unordered_map<BufferKey, Buffer, BufferHash> map_;
};

// Linear probing, at most half full, an erase moves what follows back; 32 bytes an entry, as the live table has.
class FlatTable {
public:
    explicit FlatTable(std::uint64_t live)
        : entries_(std::bit_ceil(live * 2 + 2)), mask_(entries_.size() - 1) {}
    void begin() {}
    std::uint64_t hash(const shm::Event& event) const { return BufferHash{}(key_of(event)); }
    void prefetch(std::uint64_t hash) const { __builtin_prefetch(&entries_[hash & mask_], 1); }
    void apply(const shm::Event& event, std::uint64_t hash) {
        const BufferKey key = key_of(event);
        std::uint64_t place = hash & mask_;
        while (entries_[place].used != 0 && !(entries_[place].key == key))
            place = (place + 1) & mask_;
        if (event.operation() != shm::Operation::kFree) {
            live_ += entries_[place].used == 0;
            entries_[place] = {key, event.size(), 1};
        } else if (entries_[place].used != 0) {
            erase(place);
            --live_;
        }
    }
    void commit() {}
    std::uint64_t live() const { return live_; }

private:
    struct Entry {
        BufferKey key;
        std::uint64_t size, used;
    };
    void erase(std::uint64_t hole) {
        for (std::uint64_t next = (hole + 1) & mask_; entries_[next].used != 0;
             next = (next + 1) & mask_) {
            const std::uint64_t wanted = BufferHash{}(entries_[next].key) & mask_;
            if (((next - wanted) & mask_) < ((next - hole) & mask_)) continue;
            entries_[hole] = entries_[next];
            hole = next;
        }
        entries_[hole].used = 0;
    }

    std::vector<Entry> entries_;
    std::uint64_t mask_;
    std::uint64_t live_ = 0;
};

}  // namespace tidemark::bench
