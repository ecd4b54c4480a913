// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/live_table.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint32_t kFullAt = 250;  // where no split is possible any more
constexpr std::uint64_t kTombstone = 1ull << TIDEMARK_LIFE_STAMP_SHIFT;

}  // namespace

void LiveTable::attach(Target target, std::uint64_t limit, Populate populate,
                       void* context) noexcept {
    target_ = target;
    const auto* state = reinterpret_cast<const AccountState*>(target.base + kStateOffset);
    seed_[0] = state->seed[0];
    seed_[1] = state->seed[1];
    limit_pages_ = limit / TIDEMARK_ACCOUNT_PAGE_SIZE;
    populate_ = populate;
    context_ = context;
    ready_pages_ = header()->page_count;
    ready_directory_ = 4ull << header()->directory_depth;
}

bool LiveTable::create() noexcept {
    if (!populate_(context_, kDirectoryOffset, 4096)) return false;
    if (!populate_(context_, kPagesOffset, TIDEMARK_ACCOUNT_PAGE_SIZE)) return false;
    ready_directory_ = 4096;
    ready_pages_ = 1;
    TIDEMARK_SHARED_STORE("account.first_page", directory()[0] = 0);
    header()->directory_depth = 0;
    header()->page_count = 1;
    return true;
}

void LiveTable::recover() noexcept {
    // A walker may have seen a sequence that the undo took back: go beyond any that was given.
    TIDEMARK_SHARED_STORE("recover.directory_sequence",
                          header()->directory_sequence += std::uint64_t{1} << 20);
    std::vector<bool> referenced(header()->page_count, false);
    for (std::uint32_t slot = 0; slot < (1u << header()->directory_depth); ++slot) {
        referenced[directory()[slot]] = true;
    }
    free_pages_.clear();
    left_pages_.clear();
    fill_.assign(header()->page_count, Fill{});
    for (std::uint32_t number = 0; number < header()->page_count; ++number) {
        if (!referenced[number]) {
            free_pages_.push_back(number);
            continue;
        }
        for (const tidemark_account_entry& entry : page(number)->entries) {
            fill_[number].used += entry.life != 0;
            fill_[number].live += (entry.life & TIDEMARK_LIFE_LIVE) != 0;
        }
    }
}

LiveTable::Match LiveTable::find(std::uint64_t hash, std::uint32_t device, std::uint32_t pool,
                                 std::uint64_t id, std::uint64_t stamp) const noexcept {
    tidemark_account_page* p = page(page_of(hash));
    Match match;
    std::uint32_t place = start_of(hash);
    for (std::uint32_t probes = 0; probes < TIDEMARK_ACCOUNT_PAGE_ENTRIES;
         ++probes, place = next(place)) {
        tidemark_account_entry& entry = p->entries[place];
        if (!(entry.life & TIDEMARK_LIFE_LIVE)) {
            if (entry.life == 0) break;
            continue;
        }
        if (entry.id != id || entry.device != device) continue;
        if (pool != TIDEMARK_POOL_ANY) {
            if (((entry.life >> TIDEMARK_LIFE_POOL_SHIFT) & 15) == pool) return {&entry, 1, false};
            match.others = true;
            continue;
        }
        if (entry.stamp > stamp) continue;
        ++match.matches;
        if (match.entry == nullptr || entry.stamp > match.entry->stamp) match.entry = &entry;
    }
    return match;
}

bool LiveTable::insert(Journal& journal, std::uint64_t hash, const tidemark_account_entry& entry,
                       std::uint64_t records) noexcept {
    std::uint32_t number = page_of(hash);
    while (fill_of(number).used >= kSplitAt) {
        if (!make_room(journal, slot_of(hash), records)) break;
        number = page_of(hash);
    }
    if (fill_of(number).used >= kFullAt) return false;
    tidemark_account_page* p = page(number);
    std::uint32_t place = start_of(hash);
    while (p->entries[place].life & TIDEMARK_LIFE_LIVE)
        place = next(place);
    tidemark_account_entry* const vacant = &p->entries[place];
    fill_of(number).used += vacant->life == 0;
    ++fill_of(number).live;
    // All of it, although it is vacant: a life that ended in this pass would be put back with these words.
    journal.keep(target_, offset_of(vacant), 4);
    store_entry(*vacant, entry);
    return true;
}

// SYNC(live-table): a walker reads `life` before and after the other words. They are releases, and a live entry is made
// a tombstone first: whoever sees a new word sees that, and whoever sees the new `life` sees all new words.
void LiveTable::replace(Journal& journal, tidemark_account_entry* entry,
                        const tidemark_account_entry& with) noexcept {
    journal.keep(target_, offset_of(entry), 4);
    // Before the words of the new life, whose releases carry it along.
    if (entry->life & TIDEMARK_LIFE_LIVE) {
        TIDEMARK_SHARED_STORE("table.retire_life",
                              __atomic_store_n(&entry->life, kTombstone, __ATOMIC_RELAXED));
    }
    store_entry(*entry, with);
}

void LiveTable::erase(Journal& journal, tidemark_account_entry* entry) noexcept {
    const std::uint64_t offset = offset_of(entry);
    const auto number =
        static_cast<std::uint32_t>((offset - kPagesOffset) / TIDEMARK_ACCOUNT_PAGE_SIZE);
    const tidemark_account_page* p = page(number);
    const auto place = static_cast<std::uint32_t>(entry - p->entries);
    // Nothing was ever pushed past an entry whose successor was never used: no tombstone is needed.
    const bool last = p->entries[next(place)].life == 0;
    journal.keep(target_, offset, 1);
    // As in replace().
    TIDEMARK_SHARED_STORE("table.erase",
                          __atomic_store_n(&entry->life, last ? 0 : kTombstone, __ATOMIC_RELAXED));
    fill_of(number).used -= last;
    --fill_of(number).live;
}

void LiveTable::committed() noexcept {
    free_pages_.insert(free_pages_.end(), left_pages_.begin(), left_pages_.end());
    left_pages_.clear();
}

}  // namespace tidemark::collector
