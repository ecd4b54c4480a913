// SPDX-License-Identifier: Apache-2.0
//
// What an event means to an account. Events come in stamp order within a pass, and causally closed: a free finds its
// allocation unless that was lost, belongs to the parent image, or never was. No counter here ever goes below zero:
// what does not match is counted as such and changes no total.
#include <algorithm>
#include <cstring>

#include "collector/drain/account.hpp"
#include "collector/drain/usage_counts.hpp"

namespace tidemark::collector {
namespace {

std::uint32_t pool_of(const tidemark_account_entry& entry) noexcept {
    return static_cast<std::uint32_t>(entry.life >> TIDEMARK_LIFE_POOL_SHIFT) & 15;
}

}  // namespace

UsageState* Account::find_usage(std::uint32_t device, std::uint32_t pool) noexcept {
    std::uint32_t i = 0;
    while (i < usage_count && (state.usages[i].device != device || state.usages[i].pool != pool))
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

void Account::apply(Journal& journal, Nursery& nursery, const shm::Event& event, std::uint64_t hash,
                    SinkPort* follower) noexcept {
    ++state.events;
    switch (event.operation()) {
        case shm::Operation::kAllocation:
            allocate(journal, nursery, event, hash);
            if (follower) tell(*follower, event, event.size(), event.pool());
            break;
        case shm::Operation::kFree: {
            std::uint64_t size = kUnknown;
            std::uint32_t pool = event.pool();
            free(journal, nursery, event, hash, size, pool);
            if (follower) tell(*follower, event, size, pool);
            break;
        }
        default:
            --state
                  .events;  // a gap record; its figures stand in the ring's counters and are never added
            state.gapped = 1;
    }
}

void Account::allocate(Journal& journal, Nursery& nursery, const shm::Event& event,
                       std::uint64_t hash) noexcept {
    const std::uint32_t place = Nursery::place_of(event);
    if (nursery.holds_any(place)) settle(journal, nursery, place, LiveTable::kMostRecords);
    UsageState* u = usage(event.device, event.pool());
    if (u == nullptr || u->current + event.size() > kMostHeld) return reject(event.size());
    LiveTable::Match old;
    bool alone = nursery.is_alone(place);
    if (!nursery.knows_absent(place, event)) {
        old = table_.find(hash, event.device, event.pool(), event.id, 0);
        alone = !old.others;
    }
    if (old.entry != nullptr)
        supersede(journal, old.entry, event, *u);
    else
        nursery.hold(place, event, hash, alone);
    count_allocation(*u, event.size());
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
    --u.live;
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

void Account::free(Journal& journal, Nursery& nursery, const shm::Event& event, std::uint64_t hash,
                   std::uint64_t& size, std::uint32_t& pool) noexcept {
    const std::uint32_t place = Nursery::place_of(event);
    if (nursery.holds(place, event)) {
        const shm::Event& young = nursery.at(place).event;
        size = young.size();
        pool = young.pool();
        count_free(*usage(event.device, pool), size);
        nursery.drop(place);
        return;
    }
    if (nursery.holds_any(place) && nursery.is_same_id(place, event))
        settle(journal, nursery, place, LiveTable::kMostRecords);
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
    count_free(*usage(event.device, pool), size);
    table_.erase(journal, match.entry);
    nursery.note_absent(place, event, pool);
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
