// SPDX-License-Identifier: Apache-2.0
//
// The live buffers of one image: an extendible hash in the account object (layout and how others walk it:
// tidemark/account_abi.h). Every change in place is journaled first. Policy (what a duplicate means, which pool "any"
// takes) is the caller's; this finds, inserts and erases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collector/drain/account_layout.hpp"
#include "collector/drain/journal.hpp"
#include "collector/drain/live_entry.hpp"

namespace tidemark::collector {

// Drain thread only.
class LiveTable {
public:
    using Populate = bool (*)(void* context, std::uint64_t offset, std::uint64_t length);

    // `target.base` is the mapped account; `limit` the bytes that pages may take.
    void attach(Target target, std::uint64_t limit, Populate populate, void* context) noexcept;
    // A new account's empty table: one page. False: no space.
    bool create() noexcept;
    // After undo: counts the pages again and finds the unreferenced ones.
    void recover() noexcept;

    std::uint64_t hash(std::uint32_t device, std::uint64_t id) const noexcept {
        return live_hash(seed_, device, id);
    }
    // First the slot of the directory, some events later the entry that the slot leads to.
    // Always inline: GCC takes a function that only prefetches for one without effect, and leaves its call out.
    [[gnu::always_inline]] void prefetch_slot(std::uint64_t hash) const noexcept {
        __builtin_prefetch(&directory()[slot_of(hash)]);
    }
    [[gnu::always_inline]] void prefetch(std::uint64_t hash) const noexcept {
        __builtin_prefetch(&page(page_of(hash))->entries[start_of(hash)], 1);
    }

    // Undo records that one insert may need, splits included: enough to split a page that 2^13 slots name.
    static constexpr std::uint64_t kMostRecords = 16384;

    struct Match {
        tidemark_account_entry* entry = nullptr;  // newest that matches; null: none
        std::uint32_t matches = 0;
        bool others = false;  // nothing matches, but another pool has the id
    };
    // Buffers {device, id} in `pool`, or in all pools for TIDEMARK_POOL_ANY, no younger than `stamp`.
    Match find(std::uint64_t hash, std::uint32_t device, std::uint32_t pool, std::uint64_t id,
               std::uint64_t stamp) const noexcept;

    // A key that is not live. `records`: undo records that splits may use, at most kMostRecords. False: the limit is
    // reached or no space.
    bool insert(Journal& journal, std::uint64_t hash, const tidemark_account_entry& entry,
                std::uint64_t records = kMostRecords) noexcept;
    void erase(Journal& journal, tidemark_account_entry* entry) noexcept;
    void replace(Journal& journal, tidemark_account_entry* entry,
                 const tidemark_account_entry& with) noexcept;

    // When there is nothing else to do: makes memory for more pages present, a little of it. False: enough is.
    bool prepare_ahead() noexcept;

    // For a table that gets no more entries: moves what is left into few new pages, if that saves many.
    // `left`: how many there are; a great many are left where they are.
    void compact(Journal& journal, std::uint64_t left);
    // Pages below it are not needed, once what named them last is committed.
    std::uint32_t first_page() const noexcept;

    // After the journal's commit: pages that splits left become free.
    void committed() noexcept;

    // Of an image that ended with nothing left: directory and pages were given back, and must not be touched.
    void given_back() noexcept { is_given_back_ = true; }

    std::uint32_t slots() const noexcept { return 1u << header()->directory_depth; }
    template <class Visit>
    void for_each(Visit visit) const {
        if (!is_given_back_) for_each_left(0, slots(), visit);
    }
    // Of the directory slots [from, until). Passes over pages that hold nothing, as far as we counted.
    template <class Visit>
    void for_each_left(std::uint32_t from, std::uint32_t until, Visit visit) const {
        for (std::uint32_t slot = from; slot < until; ++slot) {
            const std::uint32_t number = directory()[slot];
            if (number >= fill_.size() || fill_[number].live != 0) for_each(slot, slot + 1, visit);
        }
    }
    // All entries of the directory slots [from, until), to compare.
    template <class Visit>
    void for_each(std::uint32_t from, std::uint32_t until, Visit visit) const {
        for (std::uint32_t slot = from; slot < until; ++slot) {
            const tidemark_account_page* p = page(directory()[slot]);
            if (slot >= (1u << p->depth)) continue;
            for (const tidemark_account_entry& entry : p->entries) {
                if (entry.life & TIDEMARK_LIFE_LIVE) visit(entry);
            }
        }
    }

private:
    tidemark_account_header* header() const noexcept {
        return reinterpret_cast<tidemark_account_header*>(target_.base);
    }
    std::uint32_t* directory() const noexcept {
        return reinterpret_cast<std::uint32_t*>(target_.base + kDirectoryOffset);
    }
    tidemark_account_page* page(std::uint32_t number) const noexcept {
        return reinterpret_cast<tidemark_account_page*>(
            target_.base + kPagesOffset + std::uint64_t{number} * TIDEMARK_ACCOUNT_PAGE_SIZE);
    }
    std::uint64_t offset_of(const void* place) const noexcept {
        return static_cast<std::uint64_t>(static_cast<const std::byte*>(place) - target_.base);
    }
    std::uint32_t slot_of(std::uint64_t hash) const noexcept {
        return static_cast<std::uint32_t>(hash) & ((1u << header()->directory_depth) - 1);
    }
    static constexpr std::uint32_t kSplitAt =
        192;  // of 255: probes stay short, see docs/decisions/live-table.md
    static std::uint32_t start_of(std::uint64_t hash) noexcept {
        return static_cast<std::uint32_t>(hash >> 32);
    }

    bool populate_more() noexcept;
    std::uint32_t take_page(Journal& journal) noexcept;  // UINT32_MAX: none
    bool make_room(Journal& journal, std::uint32_t slot, std::uint64_t& records) noexcept;
    bool deepen(Journal& journal) noexcept;
    std::uint32_t compact_depth(std::uint64_t left) const;
    void store_page_count(Journal& journal, std::uint32_t count) noexcept;
    void publish_word(Journal& journal, std::uint64_t offset, std::uint64_t value) noexcept;
    void store_depth(Journal& journal, std::uint32_t depth) noexcept;
    void clear(std::uint32_t number, std::uint32_t depth) noexcept;
    void refill(const tidemark_account_page& from, std::uint32_t low, std::uint32_t high,
                std::uint32_t depth) noexcept;
    void point(Journal& journal, std::uint32_t slot, std::uint32_t depth,
               std::uint32_t number) noexcept;
    // Of the directory, an even slot and the one behind it.
    void store_slots(Journal& journal, std::uint32_t even, std::uint32_t first,
                     std::uint32_t second) noexcept;
    void directory_moved(Journal& journal) noexcept;
    void put(std::uint32_t into, std::uint64_t hash, const tidemark_account_entry& entry) noexcept;
    std::uint32_t page_of(std::uint64_t hash) const noexcept { return directory()[slot_of(hash)]; }

    // How full a page is. Here and not in the page, so that an event touches one line of it less; counted again after a
    // restart.
    struct Fill {
        std::uint32_t used = 0;  // entries that are not 0: live ones and tombstones
        std::uint32_t live = 0;
    };
    Fill& fill_of(std::uint32_t number) noexcept {
        if (number >= fill_.size()) fill_.resize(number + 1);
        return fill_[number];
    }

    Target target_{};
    std::uint64_t seed_[2] = {};
    std::uint64_t limit_pages_ = 0;
    std::uint64_t ready_pages_ = 0;      // pages whose memory is present
    std::uint64_t ready_directory_ = 0;  // bytes
    Populate populate_ = nullptr;
    bool is_given_back_ = false;
    void* context_ = nullptr;
    std::vector<Fill> fill_;  // by page number
    std::vector<std::uint32_t> free_pages_;
    std::vector<std::uint32_t> left_pages_;  // unreferenced once the pass is committed
};

}  // namespace tidemark::collector
