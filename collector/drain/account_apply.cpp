// SPDX-License-Identifier: Apache-2.0
//
// What an event means to an account. Events come in stamp order within a pass, and causally closed: a free finds its
// allocation unless that was lost, belongs to the parent image, or never was. No counter here ever goes below zero:
// what does not match is counted as such and changes no total.
#include <algorithm>
#include <bit>
#include <cstring>

#include "collector/drain/account.hpp"

namespace tidemark::collector {
namespace {

// Bytes that one image may hold in one pool: more than any memory has, and so few that no sum over images wraps.
constexpr std::uint64_t kMostHeld = std::uint64_t{1} << 48;

std::uint64_t life_of(const shm::Event& event) noexcept {
    return event.size() | (std::uint64_t{event.pool()} << TIDEMARK_LIFE_POOL_SHIFT) |
           TIDEMARK_LIFE_LIVE | ((event.stamp >> 3) << TIDEMARK_LIFE_STAMP_SHIFT);
}

tidemark_account_entry entry_of(const shm::Event& event) noexcept {
    return {life_of(event), event.id, event.stamp, event.device, event.stack};
}

std::uint32_t bucket_of(std::uint64_t size) noexcept {
    if (size < 2) return 0;
    return std::min<std::uint32_t>(static_cast<std::uint32_t>(std::bit_width(size)) - 1,
                                   TIDEMARK_HISTOGRAM_BUCKETS - 1);
}

std::uint32_t pool_of(const tidemark_account_entry& entry) noexcept {
    return static_cast<std::uint32_t>(entry.life >> TIDEMARK_LIFE_POOL_SHIFT) & 15;
}

}  // namespace

UsageState* Account::usage(std::uint32_t device, std::uint32_t pool) noexcept {
    const auto matches = [&](const UsageState& u) { return u.device == device && u.pool == pool; };
    if (last_usage_ < usage_count && matches(state.usages[last_usage_])) {
        marks[last_usage_].moved = true;
        return &state.usages[last_usage_];
    }
    std::uint32_t i = 0;
    while (i < usage_count && !matches(state.usages[i]))
        ++i;
    if (i == kUsagesPerAccount) return nullptr;
    if (i == usage_count) {
        state.usages[i] = {};
        state.usages[i].used = 1;
        state.usages[i].device = device;
        state.usages[i].pool = pool;
        marks[i] = {};
        ++usage_count;
    }
    last_usage_ = i;
    marks[i].moved = true;
    return &state.usages[i];
}

void Account::apply(Journal& journal, const shm::Event& event, std::uint64_t hash,
                    SinkPort* follower) noexcept {
    ++state.events;
    switch (event.operation()) {
        case shm::Operation::kAllocation:
            allocate(journal, event, hash);
            if (follower) tell(*follower, event, event.size(), event.pool());
            break;
        case shm::Operation::kFree: {
            std::uint64_t size = kUnknown;
            std::uint32_t pool = event.pool();
            free(journal, event, hash, size, pool);
            if (follower) tell(*follower, event, size, pool);
            break;
        }
        default:
            --state
                  .events;  // a gap record; its figures stand in the ring's counters and are never added
            state.gapped = 1;
    }
}

void Account::allocate(Journal& journal, const shm::Event& event, std::uint64_t hash) noexcept {
    UsageState* u = usage(event.device, event.pool());
    const LiveTable::Match old = u == nullptr
                                     ? LiveTable::Match{}
                                     : table_.find(hash, event.device, event.pool(), event.id, 0);
    if (u == nullptr || u->current + event.size() > kMostHeld ||
        (old.entry == nullptr && !table_.insert(journal, hash, old.vacant, entry_of(event)))) {
        state.table_full = 1;
        ++state.rejected_allocations;
        state.rejected_bytes = std::min(state.rejected_bytes + event.size(), kMostHeld);
        return;
    }
    if (old.entry != nullptr)
        supersede(journal, old.entry, event, *u);
    else
        ++u->live;
    ++u->allocations;
    u->total_allocated += event.size();
    u->current += event.size();
    ++u->size_histogram[bucket_of(event.size())];
    u->peak = std::max(u->peak, u->current);
    PassMark& mark = marks[u - state.usages];
    mark.highest = std::max(mark.highest, u->current);
}

// The old life ends without a free; it is remembered for a while, since a late free may still claim it.
void Account::supersede(Journal& journal, tidemark_account_entry* entry, const shm::Event& event,
                        UsageState& u) noexcept {
    const std::uint64_t size = entry->life & TIDEMARK_LIFE_SIZE_MASK;
    ++state.duplicates;
    if (state.gapped != 0) ++state.gap_consequences;
    u.superseded += size;
    u.current -= size;
    SupersededLife& life = state.lives[state.superseded_next++ % kSupersededLives];
    lives_moved_ = true;
    life = {event.id, entry->stamp == 0 ? 1 : entry->stamp, size, event.device, event.pool()};
    table_.replace(journal, entry, entry_of(event));
}

// A late free whose buffer was allocated again before the free was seen: what looked like a duplicate was none.
bool Account::reclaim_superseded(const shm::Event& event, std::uint64_t& size) noexcept {
    for (SupersededLife& life : state.lives) {
        if (life.stamp == 0 || life.id != event.id || life.device != event.device) continue;
        if (event.pool() != TIDEMARK_POOL_ANY && life.pool != event.pool()) continue;
        if (life.stamp > event.stamp) continue;
        UsageState* u = usage(life.device, life.pool);
        size = life.size;
        u->superseded -= life.size;
        u->total_freed += life.size;
        ++u->frees;
        --state.duplicates;
        life = {};
        lives_moved_ = true;
        return true;
    }
    return false;
}

void Account::free(Journal& journal, const shm::Event& event, std::uint64_t hash,
                   std::uint64_t& size, std::uint32_t& pool) noexcept {
    const LiveTable::Match match =
        table_.find(hash, event.device, event.pool(), event.id, event.stamp);
    const bool late = (event.flags() & shm::kFlagLate) != 0;
    if (match.entry == nullptr || (late && match.entry->stamp > event.stamp)) {
        if (late && reclaim_superseded(event, size)) return;
        free_unknown();
        return;
    }
    if (match.matches > 1) ++state.ambiguous_frees;
    size = match.entry->life & TIDEMARK_LIFE_SIZE_MASK;
    pool = pool_of(*match.entry);
    UsageState* u = usage(event.device, pool);
    u->current -= size;
    u->total_freed += size;
    --u->live;
    ++u->frees;
    table_.erase(journal, match.entry);
}

void Account::free_unknown() noexcept {
    if (state.gapped != 0 || state.table_full != 0) ++state.gap_consequences;
    if (state.forked != 0)
        ++state.inherited_frees;
    else
        ++state.unknown_frees;
}

void Account::tell(SinkPort& sink, const shm::Event& event, std::uint64_t size,
                   std::uint32_t pool) noexcept {
    SinkRecord record{};
    record.kind = event.operation() == shm::Operation::kFree ? SinkRecord::Kind::kFree
                                                             : SinkRecord::Kind::kAllocation;
    record.device = event.device;
    record.image = header().image;
    record.sequence = state.events;
    record.id = event.id;
    record.size = size;
    record.time_unix_ns = event.stamp;  // ticks; the follower makes nanoseconds of it
    record.pid = header().pid;
    record.pool = pool;
    std::strncpy(record.pool_name, pool == TIDEMARK_POOL_ANY ? "any" : pool_name(pool),
                 sizeof record.pool_name - 1);
    sink.push(record);
}

}  // namespace tidemark::collector
