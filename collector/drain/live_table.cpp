// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/live_table.hpp"

#include <algorithm>

namespace tidemark::collector {
namespace {

constexpr std::uint32_t kNoPage = UINT32_MAX;
constexpr std::uint32_t kSplitAt =
    192;  // of 255 entries: probes stay short, see docs/decisions/live-table.md
constexpr std::uint32_t kPairLines = TIDEMARK_ACCOUNT_PAGE_ENTRIES / 2;
constexpr std::uint32_t kFullAt = 250;  // where no split is possible any more
constexpr std::uint64_t kTombstone = 1ull << TIDEMARK_LIFE_STAMP_SHIFT;

std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const auto product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint32_t next(std::uint32_t place) noexcept {
    return place + 1 == TIDEMARK_ACCOUNT_PAGE_ENTRIES ? 0 : place + 1;
}

// SYNC(live-table): all releases, `life` last.
void store_entry(tidemark_account_entry& place, const tidemark_account_entry& with) noexcept {
    TIDEMARK_SHARED_STORE("table.id", __atomic_store_n(&place.id, with.id, __ATOMIC_RELEASE));
    TIDEMARK_SHARED_STORE("table.stamp",
                          __atomic_store_n(&place.stamp, with.stamp, __ATOMIC_RELEASE));
    TIDEMARK_SHARED_STORE("table.device",
                          __atomic_store_n(&place.device, with.device, __ATOMIC_RELEASE));
    // SYNC(live-table)
    TIDEMARK_SHARED_STORE("table.stack",
                          __atomic_store_n(&place.stack, with.stack, __ATOMIC_RELEASE));
    TIDEMARK_SHARED_STORE("table.life", __atomic_store_n(&place.life, with.life, __ATOMIC_RELEASE));
}

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

// Low half: hash for the directory. High half: the entry where probing begins.
// Neighbours stay together: ids that differ in bits 4 to 9 alone share a page. A program's buffers come and go in
// neighbourhoods, so most events touch a page that the last ones touched; with a hash of the whole id each event was a
// miss of the translation cache. Within the page the cache lines of a neighbourhood are scattered evenly (multiples of
// the golden ratio); two ids that are 32 bytes apart share one. See docs/decisions/live-table.md.
// At most 64 ids of a pool share a neighbourhood, so a split can always take a full page apart.
std::uint64_t LiveTable::hash(std::uint32_t device, std::uint64_t id) const noexcept {
    const std::uint64_t neighbourhood = ((id >> 10) << 4) | (id & 15);
    const std::uint64_t h =
        fold(fold(neighbourhood ^ seed_[0], 0x9E3779B97F4A7C15ull ^ device) ^ seed_[1],
             0xD6E8FEB86659FD93ull);
    const auto scattered = static_cast<std::uint32_t>(((h >> 32) + (id >> 6)) * 0x9E3779B9u);
    // The page's first line holds its header and one entry; the others hold two.
    const std::uint64_t line = (std::uint64_t{scattered} * kPairLines) >> 32;
    const std::uint64_t start = 1 + 2 * line + ((id >> 5) & 1);
    return (start << 32) | (h & 0xFFFFFFFFu);
}

void LiveTable::prefetch(std::uint64_t hash) const noexcept {
    __builtin_prefetch(&page(page_of(hash))->entries[start_of(hash)], 1);
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
            if (match.vacant == nullptr) match.vacant = &entry;
            if (entry.life == 0) break;
            continue;
        }
        if (entry.id != id || entry.device != device) continue;
        if (pool != TIDEMARK_POOL_ANY) {
            if (((entry.life >> TIDEMARK_LIFE_POOL_SHIFT) & 15) != pool) continue;
            return {&entry, 1, nullptr};
        }
        if (entry.stamp > stamp) continue;
        ++match.matches;
        if (match.entry == nullptr || entry.stamp > match.entry->stamp) match.entry = &entry;
    }
    return match;
}

bool LiveTable::insert(Journal& journal, std::uint64_t hash, tidemark_account_entry* vacant,
                       const tidemark_account_entry& entry) noexcept {
    std::uint32_t number = page_of(hash);
    for (int splits = 0; fill_of(number).used >= kSplitAt && splits < 4; ++splits) {
        if (!make_room(journal, slot_of(hash))) break;
        number = page_of(hash);
        vacant = nullptr;
    }
    if (fill_of(number).used >= kFullAt) return false;
    if (vacant == nullptr) {
        vacant = &page(number)->entries[start_of(hash)];
        while (vacant->life & TIDEMARK_LIFE_LIVE)
            vacant = vacant == &page(number)->entries[TIDEMARK_ACCOUNT_PAGE_ENTRIES - 1]
                         ? &page(number)->entries[0]
                         : vacant + 1;
    }
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
    // SYNC(live-table): before the words of the new life.
    if (entry->life & TIDEMARK_LIFE_LIVE) {
        TIDEMARK_SHARED_STORE("table.retire_life",
                              __atomic_store_n(&entry->life, kTombstone, __ATOMIC_RELEASE));
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
    // SYNC(live-table)
    TIDEMARK_SHARED_STORE("table.erase",
                          __atomic_store_n(&entry->life, last ? 0 : kTombstone, __ATOMIC_RELEASE));
    fill_of(number).used -= last;
    --fill_of(number).live;
}

void LiveTable::committed() noexcept {
    free_pages_.insert(free_pages_.end(), left_pages_.begin(), left_pages_.end());
    left_pages_.clear();
}

std::uint32_t LiveTable::take_page(Journal& journal) noexcept {
    if (!free_pages_.empty()) {
        const std::uint32_t number = free_pages_.back();
        free_pages_.pop_back();
        return number;
    }
    const std::uint32_t number = header()->page_count;
    if (number >= limit_pages_) return kNoPage;
    if (number >= ready_pages_) {
        std::uint64_t step = std::clamp<std::uint64_t>(ready_pages_ / 4, 1, 256);
        step = std::min(step, limit_pages_ - ready_pages_);
        if (!populate_(context_, kPagesOffset + ready_pages_ * TIDEMARK_ACCOUNT_PAGE_SIZE,
                       step * TIDEMARK_ACCOUNT_PAGE_SIZE)) {
            return kNoPage;
        }
        ready_pages_ += step;
    }
    const std::uint64_t place = offsetof(tidemark_account_header, page_count);
    const std::uint64_t value = number + 1;  // `reserved` beside it is 0
    journal.store(target_, place, &value, 1);
    return number;
}

// A page with too little room becomes one clean page, if tombstones took it, else two.
bool LiveTable::make_room(Journal& journal, std::uint32_t slot) noexcept {
    const std::uint32_t number = directory()[slot];
    const std::uint32_t depth = page(number)->depth;
    const bool split = fill_of(number).live * 2 > fill_of(number).used;
    if (split && depth == header()->directory_depth && !deepen(journal)) return false;
    const std::uint32_t spread = header()->directory_depth - depth;
    if (!journal.reserve((1ull << spread) + 16)) return false;
    const std::uint32_t low = take_page(journal);
    const std::uint32_t high = split ? take_page(journal) : low;
    if (low == kNoPage || high == kNoPage) {
        if (low != kNoPage) free_pages_.push_back(low);
        return false;
    }
    const std::uint32_t prefix = slot & ((1u << depth) - 1);
    refill(*page(number), low, high, split ? depth + 1 : depth);
    point(journal, prefix, split ? depth + 1 : depth, low);
    if (split) point(journal, prefix | (1u << depth), depth + 1, high);
    left_pages_.push_back(number);
    directory_moved(journal);
    return true;
}

bool LiveTable::deepen(Journal& journal) noexcept {
    const std::uint32_t depth = header()->directory_depth;
    if (depth >= TIDEMARK_ACCOUNT_MAX_DEPTH) return false;
    const std::uint64_t bytes = 8ull << depth;
    if (bytes > ready_directory_) {
        if (!populate_(context_, kDirectoryOffset, bytes)) return false;
        ready_directory_ = bytes;
    }
    // The upper half is out of everybody's sight until the depth says otherwise.
    TIDEMARK_SHARED_STORE("table.deepen",
                          std::copy_n(directory(), 1u << depth, directory() + (1u << depth)));
    const std::uint64_t place = offsetof(tidemark_account_header, state);
    const std::uint64_t value = std::uint64_t{header()->state} | (std::uint64_t{depth + 1} << 32);
    journal.store(target_, place, &value, 1);
    return true;
}

// SYNC(live-table): a page may be one that a walker still stands in; what it sees of the new content is a release after
// the directory's sequence moved for the page's leaving, so it learns that too.
void LiveTable::refill(const tidemark_account_page& from, std::uint32_t low, std::uint32_t high,
                       std::uint32_t depth) noexcept {
    for (const std::uint32_t number : {low, high}) {
        auto* words = reinterpret_cast<std::uint64_t*>(page(number));
        TIDEMARK_KILL_POINT("table.clear_page");
        for (std::size_t i = 0; i < sizeof(tidemark_account_page) / 8; ++i) {
            // SYNC(live-table)
            __atomic_store_n(words + i, std::uint64_t{0}, __ATOMIC_RELEASE);
        }
        page(number)->depth = depth;
        fill_of(number) = {};
    }
    for (const tidemark_account_entry& entry : from.entries) {
        if (!(entry.life & TIDEMARK_LIFE_LIVE)) continue;
        const std::uint64_t h = hash(entry.device, entry.id);
        const bool to_high = low != high && ((h >> (depth - 1)) & 1) != 0;
        put(to_high ? high : low, h, entry);
    }
}

void LiveTable::put(std::uint32_t into, std::uint64_t hash,
                    const tidemark_account_entry& entry) noexcept {
    tidemark_account_page* p = page(into);
    std::uint32_t place = start_of(hash);
    while (p->entries[place].life != 0)
        place = next(place);
    store_entry(p->entries[place], entry);
    ++fill_of(into).used;
    ++fill_of(into).live;
}

void LiveTable::point(Journal& journal, std::uint32_t slot, std::uint32_t depth,
                      std::uint32_t number) noexcept {
    const std::uint32_t count = 1u << header()->directory_depth;
    for (std::uint32_t i = slot; i < count; i += 1u << depth) {
        const std::uint64_t word = offset_of(directory() + (i & ~1u));
        std::uint32_t pair[2] = {directory()[i & ~1u], directory()[i | 1u]};
        pair[i & 1] = number;
        std::uint64_t value = 0;
        std::copy_n(reinterpret_cast<const std::byte*>(pair), 8,
                    reinterpret_cast<std::byte*>(&value));
        journal.store(target_, word, &value, 1);
    }
}

// SYNC(live-table): who walks compares directory_sequence before and after.
void LiveTable::directory_moved(Journal& journal) noexcept {
    const std::uint64_t value = header()->directory_sequence + 1;
    journal.keep(target_, offsetof(tidemark_account_header, directory_sequence), 1);
    // SYNC(live-table)
    TIDEMARK_SHARED_STORE("table.directory_sequence",
                          __atomic_store_n(&header()->directory_sequence, value, __ATOMIC_RELEASE));
}

}  // namespace tidemark::collector
