// SPDX-License-Identifier: Apache-2.0
#include "producer/monitor/registry.hpp"

namespace tidemark::monitor {

namespace {

constexpr bool is_live(const Entry& entry) noexcept { return (entry.info & info::kEnded) == 0; }

// slots = 2^bits; (hash << 6) >> shift leaves `bits`.
constexpr std::uint32_t shift_of(unsigned generation) noexcept { return 64 - 7 - generation; }

}  // namespace

// What a run of one {device, id} holds.
struct Shard::Place {
    Entry* found = nullptr;    // live and in the pool wanted; if that is any, the newest
    Entry* ended = nullptr;    // in the pool wanted, waiting for its other reporter's free
    Entry* end = nullptr;      // the free slot where the run ends, if it was walked so far
    std::uint32_t others = 0;  // live ones in other pools
};

Shard::Place Shard::find(const Key& key, std::uint64_t hash) const noexcept {
    const bool any = key.pool == TIDEMARK_POOL_ANY;
    const std::uint64_t wanted = std::uint64_t{key.device} << 52;
    Place place;
    for (std::uint64_t at = first(hash);; at = (at + 1) & mask()) {
        Entry& entry = table()[at];
        if (entry.info == 0) {
            place.end = &entry;
            return place;
        }
        if (entry.id != key.id || (entry.info & info::kDevice) != wanted) continue;
        const bool fits = any || info::pool(entry.info) == key.pool;
        if (!is_live(entry)) {
            if (fits) place.ended = &entry;
        } else if (!fits) {
            ++place.others;
        } else if (place.found == nullptr) {
            place.found = &entry;
        } else {
            ++place.others;
            if (entry.ticks >= place.found->ticks) place.found = &entry;
        }
        if (any && (shared_ | ended_) == 0 && place.found != nullptr)
            return place;  // there is no other
    }
}

Insertion Shard::insert(Arena& arena, unsigned number, const Key& key, std::uint64_t size,
                        std::uint64_t ticks, Reporter reporter) noexcept {
    if (!make_room(arena, number)) return {Insertion::kNoRoom, 0};
    const std::uint64_t hash = hash_of(key.device, key.id);
    const Place place = find(key, hash);
    const std::uint64_t word = info::of(key, size, reporter);
    if (place.found != nullptr) {
        Entry& entry = *place.found;
        const std::uint64_t old_size = entry.info & info::kSize;
        if (old_size == size && (entry.info & info::bit(reporter)) == 0) {
            entry.info |= info::bit(reporter);
            return {Insertion::kSame, 0};
        }
        entry = {key.id, word, ticks};
        return {Insertion::kReplaced, old_size};
    }
    shared_ += place.others != 0;
    used_ += place.ended == nullptr;
    ended_ -= place.ended != nullptr;
    *(place.ended != nullptr ? place.ended : place.end) = {key.id, word, ticks};
    return {Insertion::kNew, 0};
}

Removal Shard::remove(Arena& arena, unsigned number, const Key& key, Reporter reporter) noexcept {
    Removal removal{Removal::kUnknown, false, TIDEMARK_POOL_ANY, 0};
    if (table() == nullptr) return removal;
    const Place place = find(key, hash_of(key.device, key.id));
    const std::uint64_t bit = info::bit(reporter);
    // One that ended belongs to the free that is still missing, though the id may live again in another pool.
    Entry* entry = place.ended;
    if (entry != nullptr && (entry->info & bit) != 0) {
        removal.kind = Removal::kExpected;
        entry->info &= ~bit;
    } else if ((entry = place.found) != nullptr) {
        removal = {Removal::kFreed, key.pool == TIDEMARK_POOL_ANY && place.others != 0,
                   info::pool(entry->info), entry->info & info::kSize};
        shared_ -= place.others != 0;
        ++ended_;
        // Whoever frees what it never reported has taken it over.
        const bool reported = (entry->info & bit) != 0;
        entry->info = (entry->info & ~(reported ? bit : info::kReporters)) | info::kEnded;
    } else {
        return removal;
    }
    if ((entry->info & info::kReporters) == 0) {
        --ended_;
        erase(static_cast<std::uint64_t>(entry - table()));
    }
    if (generation_ > 0 && used_ * 8 < Arena::slots_of(generation_))
        move(arena, number, generation_ - 1);
    return removal;
}

// Moves up what a lookup would miss behind the hole.
void Shard::erase(std::uint64_t at) noexcept {
    Entry* const entries = table();
    --used_;
    for (std::uint64_t next = (at + 1) & mask(); entries[next].info != 0;
         next = (next + 1) & mask()) {
        const Entry& entry = entries[next];
        const std::uint64_t home = first(hash_of(info::device(entry.info), entry.id));
        if (((next - home) & mask()) < ((next - at) & mask())) continue;
        entries[at] = entry;
        at = next;
    }
    entries[at] = {};
}

bool Shard::make_room(Arena& arena, unsigned number) noexcept {
    if (table() == nullptr) return move(arena, number, 0);
    if (!is_crowded()) return true;
    return move(arena, number, generation_ + 1) || used_ + 1 < Arena::slots_of(generation_);
}

// Into a table of another size; ended entries stay behind: so they can't pile up.
bool Shard::move(Arena& arena, unsigned number, unsigned generation) noexcept {
    Entry* const to = arena.table(number, generation);
    if (to == nullptr) return false;
    Entry* const from = table();
    const std::uint64_t count = from == nullptr ? 0 : mask() + 1;
    const unsigned old_generation = generation_;
    generation_ = generation;
    shift_.store(shift_of(generation), std::memory_order_relaxed);
    table_.store(to, std::memory_order_relaxed);
    used_ = 0;
    ended_ = 0;
    for (const Entry* entry = from; entry != from + count; ++entry) {
        if (entry->info == 0 || !is_live(*entry)) continue;
        std::uint64_t at = first(hash_of(info::device(entry->info), entry->id));
        while (to[at].info != 0)
            at = (at + 1) & mask();
        to[at] = *entry;
        ++used_;
    }
    if (from != nullptr) Arena::release(from, old_generation);
    return true;
}

void Shard::clear() noexcept {
    if (table() != nullptr) Arena::release(table(), generation_);
    table_.store(nullptr, std::memory_order_relaxed);
    shift_.store(63, std::memory_order_relaxed);
    generation_ = 0;
    used_ = 0;
    shared_ = 0;
    ended_ = 0;
}

}  // namespace tidemark::monitor
