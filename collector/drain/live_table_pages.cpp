// SPDX-License-Identifier: Apache-2.0
//
// How a live table gets room: pages made present, split and made clean, the directory.
#include <algorithm>
#include <cstring>

#include "collector/drain/live_entry.hpp"
#include "collector/drain/live_table.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint32_t kNoPage = UINT32_MAX;
constexpr std::uint64_t kMostPagesAtOnce = 16;   // 128 KiB, far below a millisecond
constexpr std::uint64_t kMostPagesAhead = 2048;  // 16 MiB

}  // namespace

// In small steps: a large one would make producers wait longer than their rings last.
bool LiveTable::populate_more() noexcept {
    if (ready_pages_ >= limit_pages_) return false;
    std::uint64_t step = std::clamp<std::uint64_t>(ready_pages_ / 4, 1, kMostPagesAtOnce);
    step = std::min(step, limit_pages_ - ready_pages_);
    if (!populate_(context_, kPagesOffset + ready_pages_ * TIDEMARK_ACCOUNT_PAGE_SIZE,
                   step * TIDEMARK_ACCOUNT_PAGE_SIZE)) {
        return false;
    }
    ready_pages_ += step;
    return true;
}

bool LiveTable::prepare_ahead() noexcept {
    const std::uint64_t in_use = header()->page_count - free_pages_.size();
    const std::uint64_t wanted = std::min(in_use / 4, kMostPagesAhead);
    if (header()->page_count + wanted <= ready_pages_ + free_pages_.size()) return false;
    return populate_more();
}

std::uint32_t LiveTable::take_page(Journal& journal) noexcept {
    if (!free_pages_.empty()) {
        const std::uint32_t number = free_pages_.back();
        free_pages_.pop_back();
        return number;
    }
    const std::uint32_t number = header()->page_count;
    if (number >= limit_pages_) return kNoPage;
    if (number >= ready_pages_ && !populate_more()) return kNoPage;
    store_page_count(journal, number + 1);
    return number;
}

void LiveTable::store_page_count(Journal& journal, std::uint32_t count) noexcept {
    const std::uint64_t value = count;  // `reserved` beside it is 0
    journal.store(target_, offsetof(tidemark_account_header, page_count), &value, 1);
}

// What a walker finds by this word was stored before it.
void LiveTable::publish_word(Journal& journal, std::uint64_t offset, std::uint64_t value) noexcept {
    journal.keep(target_, offset, 1);
    auto* word = reinterpret_cast<std::uint64_t*>(target_.base + offset);
    // SYNC(live-table): release; who finds a depth, a slot or a sequence finds the directory and the pages behind it.
    TIDEMARK_SHARED_STORE("table.directory", __atomic_store_n(word, value, __ATOMIC_RELEASE));
}

void LiveTable::store_depth(Journal& journal, std::uint32_t depth) noexcept {
    const std::uint64_t value = std::uint64_t{header()->state} | (std::uint64_t{depth} << 32);
    publish_word(journal, offsetof(tidemark_account_header, state), value);
}

// A page with too little room becomes one clean page, if tombstones took it, else two. Takes what it needs from
// `records`, the undo records that the caller has reserved: what sealing will need is not to be touched.
bool LiveTable::make_room(Journal& journal, std::uint32_t slot, std::uint64_t& records) noexcept {
    constexpr std::uint64_t kBesideSlots = 16;  // page count, depth, sequence, the insert itself
    const std::uint32_t number = directory()[slot];
    const std::uint32_t depth = page(number)->depth;
    const bool split = fill_of(number).live * 2 > fill_of(number).used;
    const bool deepens = split && depth == header()->directory_depth;
    const std::uint32_t spread = header()->directory_depth - depth + (deepens ? 1 : 0);
    const std::uint64_t needed = (std::uint64_t{1} << spread) + kBesideSlots;
    if (needed > records || (deepens && !deepen(journal))) return false;
    records -= needed;
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
    store_depth(journal, depth + 1);
    return true;
}

void LiveTable::clear(std::uint32_t number, std::uint32_t depth) noexcept {
    auto* words = reinterpret_cast<std::uint64_t*>(page(number));
    for (std::size_t i = 0; i < sizeof(tidemark_account_page) / 8; ++i) {
        // SYNC(live-table)
        TIDEMARK_SHARED_STORE("table.clear_page",
                              __atomic_store_n(words + i, std::uint64_t{0}, __ATOMIC_RELEASE));
    }
    // SYNC(live-table)
    TIDEMARK_SHARED_STORE("table.page_depth",
                          __atomic_store_n(&page(number)->depth, depth, __ATOMIC_RELEASE));
    fill_of(number) = {};
}

// SYNC(live-table): a page may be one that a walker still stands in; what it sees of the new content is a release after
// the directory's sequence moved for the page's leaving, so it learns that too.
void LiveTable::refill(const tidemark_account_page& from, std::uint32_t low, std::uint32_t high,
                       std::uint32_t depth) noexcept {
    clear(low, depth);
    if (high != low) clear(high, depth);
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
        const std::uint32_t other = directory()[i ^ 1u];
        if (i % 2 == 0)
            store_slots(journal, i, number, other);
        else
            store_slots(journal, i - 1, other, number);
    }
}

void LiveTable::store_slots(Journal& journal, std::uint32_t even, std::uint32_t first,
                            std::uint32_t second) noexcept {
    const std::uint32_t pair[2] = {first, second};
    std::uint64_t value = 0;
    std::memcpy(&value, pair, sizeof value);
    publish_word(journal, offset_of(directory() + even), value);
}

// SYNC(live-table): who walks compares directory_sequence before and after.
void LiveTable::directory_moved(Journal& journal) noexcept {
    publish_word(journal, offsetof(tidemark_account_header, directory_sequence),
                 header()->directory_sequence + 1);
}

}  // namespace tidemark::collector
