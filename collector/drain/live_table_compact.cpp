// SPDX-License-Identifier: Apache-2.0
//
// The table of a program that ended: what it left moves together into few pages, so that the rest of its memory can be
// given back, and whoever lists what was left has little to walk.
#include <algorithm>
#include <vector>

#include "collector/drain/live_entry.hpp"
#include "collector/drain/live_table.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint32_t kAimedAt = 140;       // entries a page, before some get more than others
constexpr std::uint64_t kMostMoved = 50'000;  // a few milliseconds, in which nobody is drained
constexpr std::uint32_t kWorthwhile = 4;      // times fewer pages

}  // namespace

// Hash bits that tell the new pages apart; as many as the directory has now: it is not worth it.
std::uint32_t LiveTable::compact_depth(std::uint64_t left) const {
    std::uint32_t depth = 0;
    while (std::uint64_t{kAimedAt} << depth < left)
        ++depth;
    for (; (std::uint64_t{kWorthwhile} << depth) <= header()->page_count; ++depth) {
        std::vector<std::uint32_t> entries(std::size_t{1} << depth);
        std::uint32_t most = 0;
        for_each([&](const tidemark_account_entry& entry) {
            most = std::max(most, ++entries[hash(entry.device, entry.id) & (entries.size() - 1)]);
        });
        if (most <= kSplitAt) return depth;
    }
    return header()->directory_depth;
}

void LiveTable::compact(Journal& journal, std::uint64_t left) {
    if (left > kMostMoved) return;
    const std::uint32_t depth = compact_depth(left);
    const std::uint32_t count = 1u << depth;
    const std::uint32_t first = header()->page_count;
    if (depth >= header()->directory_depth || std::uint64_t{first} + count > limit_pages_) return;
    if (!journal.reserve(count + 16)) return;
    while (ready_pages_ < std::uint64_t{first} + count) {
        if (!populate_more()) return;
    }
    store_page_count(journal, first + count);
    for (std::uint32_t i = 0; i < count; ++i)
        clear(first + i, depth);
    for_each([&](const tidemark_account_entry& entry) {
        const std::uint64_t h = hash(entry.device, entry.id);
        put(first + (static_cast<std::uint32_t>(h) & (count - 1)), h, entry);
    });
    // Slots beyond these go out of sight with the depth.
    for (std::uint32_t i = 0; i < count; i += 2) {
        const std::uint32_t odd = i + 1 < count ? first + i + 1 : directory()[i + 1];
        store_slots(journal, i, first + i, odd);
    }
    store_depth(journal, depth);
    directory_moved(journal);
}

std::uint32_t LiveTable::first_page() const noexcept {
    return *std::min_element(directory(), directory() + slots());
}

}  // namespace tidemark::collector
