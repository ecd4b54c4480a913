// SPDX-License-Identifier: Apache-2.0
//
// The live buffers: 64 shards, each an open-addressing table under its own lock. A key is {device, pool, id}, its place
// comes from {device, id}, so that a free that names no pool finds all candidates in one run. Linear probing, no
// tombstones: what follows a removed entry moves up. Between 0.39 and 0.78 full, 31 to 62 bytes a live buffer, but for a
// floor of 196 KB for all shards.
//
//     Entry.info:  63 used | 62 ended | 61..59 reporters | 57..52 device | 51..48 pool | 47..0 size
//
// ended: freed by one of the buffer's two reporters; its figures are gone, the other's free is still expected.
#pragma once

#include "producer/monitor/arena.hpp"
#include "tidemark/monitor.hpp"

namespace tidemark::monitor {

using Reporter = Monitor::Reporter;

struct Key {
    std::uint32_t device;
    std::uint32_t pool;  // TIDEMARK_POOL_ANY: whichever
    std::uint64_t id;
};

inline std::uint64_t hash_of(std::uint32_t device, std::uint64_t id) noexcept {
    std::uint64_t x = (id ^ (id >> 32)) + device * 0x9FB21C651E98DF25u;
    x *= 0x9E3779B97F4A7C15u;
    x ^= x >> 29;
    return x * 0xD6E8FEB86659FD93u;
}
inline unsigned shard_of(std::uint64_t hash) noexcept { return static_cast<unsigned>(hash >> 58); }

struct Insertion {
    enum Kind { kNew, kReplaced, kSame, kNoRoom } kind;
    std::uint64_t old_size;  // of kReplaced
};

struct Removal {
    enum Kind { kFreed, kExpected, kUnknown } kind;  // kExpected: the other reporter was first
    bool ambiguous;
    std::uint32_t pool;
    std::uint64_t size;
};

class alignas(64) Shard {
public:
    Lock lock;  // held by the caller of everything below but prefetch()

    // A hint, without the lock.
    void prefetch(std::uint64_t hash) const noexcept {
        const Entry* table = table_.load(std::memory_order_relaxed);
        __builtin_prefetch(table + slot(hash, shift_.load(std::memory_order_relaxed)), 1);
    }

    // number: the shard's own. ticks: now.
    Insertion insert(Arena& arena, unsigned number, const Key& key, std::uint64_t size,
                     std::uint64_t ticks, Reporter reporter) noexcept;
    Removal remove(Arena& arena, unsigned number, const Key& key, Reporter reporter) noexcept;
    void clear() noexcept;

    // Live buffers of any device, at least; for reserving room.
    std::uint64_t used() const noexcept { return used_; }
    std::uint64_t bytes() const noexcept {
        return table() == nullptr ? 0 : Arena::slots_of(generation_) * sizeof(Entry);
    }
    // Calls visit(const Monitor::Buffer&, ticks) for each live buffer.
    template <class Visit>
    void for_each(Visit&& visit) const;

private:
    struct Place;

    static std::uint64_t slot(std::uint64_t hash, std::uint32_t shift) noexcept {
        return (hash << 6) >> shift;
    }
    Entry* table() const noexcept { return table_.load(std::memory_order_relaxed); }
    std::uint64_t mask() const noexcept { return Arena::slots_of(generation_) - 1; }
    std::uint64_t first(std::uint64_t hash) const noexcept {
        return slot(hash, shift_.load(std::memory_order_relaxed));
    }
    Place find(const Key& key, std::uint64_t hash) const noexcept;
    bool is_crowded() const noexcept { return used_ >= Arena::slots_of(generation_) / 32 * 25; }
    bool make_room(Arena& arena, unsigned number) noexcept;
    bool move(Arena& arena, unsigned number, unsigned generation) noexcept;
    void erase(std::uint64_t at) noexcept;

    std::atomic<Entry*> table_{nullptr};
    std::atomic<std::uint32_t> shift_{63};
    std::uint32_t generation_ = 0;
    std::uint64_t used_ = 0;  // entries, ended ones too
    std::uint64_t shared_ =
        0;  // live entries that were not the only one of their {device, id} when they came
    std::uint64_t ended_ = 0;
};

namespace info {

inline constexpr std::uint64_t kUsed = std::uint64_t{1} << 63;
inline constexpr std::uint64_t kEnded = std::uint64_t{1} << 62;
inline constexpr std::uint64_t kReporters = std::uint64_t{7} << 59;
inline constexpr std::uint64_t kDevice = std::uint64_t{63} << 52;
inline constexpr std::uint64_t kPool = std::uint64_t{15} << 48;
inline constexpr std::uint64_t kSize = (std::uint64_t{1} << 48) - 1;

inline std::uint64_t bit(Reporter reporter) noexcept {
    return std::uint64_t{1} << (59 + static_cast<unsigned>(reporter));
}
inline std::uint64_t of(const Key& key, std::uint64_t size, Reporter reporter) noexcept {
    return kUsed | bit(reporter) | std::uint64_t{key.device} << 52 | std::uint64_t{key.pool} << 48 |
           size;
}
inline std::uint32_t pool(std::uint64_t word) noexcept { return word >> 48 & 15; }
inline std::uint32_t device(std::uint64_t word) noexcept { return word >> 52 & 63; }

}  // namespace info

template <class Visit>
void Shard::for_each(Visit&& visit) const {
    const Entry* entries = table();
    if (entries == nullptr || used_ == 0) return;
    for (const Entry* entry = entries; entry <= entries + mask(); ++entry) {
        if ((entry->info & (info::kUsed | info::kEnded)) != info::kUsed) continue;
        visit(Monitor::Buffer{entry->id,
                              entry->info & info::kSize,
                              info::device(entry->info),
                              static_cast<Pool>(info::pool(entry->info)),
                              {}},
              entry->ticks);
    }
}

}  // namespace tidemark::monitor
