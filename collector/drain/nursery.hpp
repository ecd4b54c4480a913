// SPDX-License-Identifier: Apache-2.0
//
// Buffers too young for the live table. Most programs free many a buffer a few events after they allocated it, and get
// the same address again: such a pair needs no entry, no undo record and no search, only its place here. Whoever drains
// an image settles all of it before the drain ends (Account::settle), so that no commit and no other reader of the
// table ever meets it; a collector that is killed loses nothing with it, since a ring gives up events at the commit
// alone. Measured in docs/decisions/nursery.md.
//
// A place knows one key {device, id, pool}: that its buffer is held here, or that the table has none.
#pragma once

#include <cstdint>

#include "shm/event.hpp"
#include "tidemark/words.h"

namespace tidemark::collector {

// Drain thread only, and one image at a time: clear() between two.
class Nursery {
public:
    // So that the places' bits fill a word.
    static constexpr std::uint32_t kPlaces = 64;
    struct Buffer {
        shm::Event event;    // its allocation
        std::uint64_t hash;  // of the live table
    };

    static std::uint32_t place_of(const shm::Event& event) noexcept {
        const std::uint64_t mixed = event.id + (std::uint64_t{event.device} << 32);
        return static_cast<std::uint32_t>((mixed * 0x9E3779B97F4A7C15ull) >> 58);
    }
    bool is_same_id(std::uint32_t place, const shm::Event& event) const noexcept {
        const shm::Event& known = buffers_[place].event;
        return known.id == event.id && known.device == event.device;
    }

    bool holds_any(std::uint32_t place) const noexcept { return ((held_ >> place) & 1) != 0; }
    const Buffer& at(std::uint32_t place) const noexcept { return buffers_[place]; }
    // Held places, a bit each.
    std::uint64_t held() const noexcept { return held_; }

    // What a free names is held here, and nothing in the table can be meant.
    bool holds(std::uint32_t place, const shm::Event& free) const noexcept {
        if (!holds_any(place) || !is_same_id(place, free)) return false;
        const shm::Event& known = buffers_[place].event;
        if (free.flags() != 0 || known.stamp > free.stamp) return false;
        return free.pool() == known.pool() || (is_alone(place) && free.pool() == TIDEMARK_POOL_ANY);
    }
    // The table has no buffer of the allocation's key.
    bool knows_absent(std::uint32_t place, const shm::Event& allocation) const noexcept {
        return ((absent_ >> place) & 1) != 0 && is_same_id(place, allocation) &&
               buffers_[place].event.pool() == allocation.pool();
    }
    // No other pool has its id in the table.
    bool is_alone(std::uint32_t place) const noexcept { return ((alone_ >> place) & 1) != 0; }

    // The table has none of its key, and if `alone` none of its id.
    void hold(std::uint32_t place, const shm::Event& allocation, std::uint64_t hash,
              bool alone) noexcept {
        buffers_[place] = {allocation, hash};
        set(held_, place, true);
        set(absent_, place, false);
        set(alone_, place, alone);
    }
    // What was held is freed: the table still has none.
    void drop(std::uint32_t place) noexcept {
        set(held_, place, false);
        set(absent_, place, true);
    }
    // The table got what was held, or something else happened to the key.
    void forget(std::uint32_t place) noexcept {
        set(held_, place, false);
        set(absent_, place, false);
    }
    // The table has none of this key any more. A place that holds something keeps it.
    void note_absent(std::uint32_t place, const shm::Event& free, std::uint32_t pool) noexcept {
        if (holds_any(place)) return;
        shm::Event& known = buffers_[place].event;
        known.id = free.id;
        known.device = free.device;
        known.packed = shm::pack(shm::Operation::kAllocation, pool, 0);
        set(absent_, place, true);
        set(alone_, place, false);
    }
    void clear() noexcept { held_ = absent_ = alone_ = 0; }

private:
    static void set(std::uint64_t& bits, std::uint32_t place, bool to) noexcept {
        const std::uint64_t bit = std::uint64_t{1} << place;
        bits = to ? bits | bit : bits & ~bit;
    }

    Buffer buffers_[kPlaces];
    std::uint64_t held_ = 0, absent_ = 0, alone_ = 0;  // a bit a place
};

}  // namespace tidemark::collector
