// SPDX-License-Identifier: Apache-2.0
//
// A live table that is walked while pages of it split: two halves take a page's place, the page is used again for
// another one's content, all go into one at the end, and the walker may stand anywhere. Of a page's entries the one that holds the buffer is the
// model's, and of that its life and id.
#include <cstring>
#include <utility>

#include "collector/drain/account_layout.hpp"
#include "collector/drain/live_entry.hpp"
#include "collector/drain/live_table.hpp"
#include "models/parts.hpp"
#include "tidemark/account_reader.hpp"

namespace tidemark::model {
namespace {

using collector::Journal;
using collector::kDirectoryOffset;
using collector::kPagesOffset;
using collector::LiveTable;

constexpr std::uint32_t kPages = 5;
constexpr std::uint64_t kSize = kPagesOffset + kPages * TIDEMARK_ACCOUNT_PAGE_SIZE;
alignas(4096) std::byte account[kSize];
collector::JournalHeader journal_header;
collector::UndoRecord records[64];
Journal journal;
LiveTable table;
AccountReader reader;

tidemark_account_header& header() { return *reinterpret_cast<tidemark_account_header*>(account); }
tidemark_account_page& page(std::uint32_t number) {
    return reinterpret_cast<tidemark_account_page*>(account + kPagesOffset)[number];
}
std::uint64_t* word_of(void* place) {
    return reinterpret_cast<std::uint64_t*>(reinterpret_cast<std::uintptr_t>(place) & ~7ull);
}
void share_word(void* place, bool in_halves) {
    share(word_of(place), 8);
    if (in_halves) share_in_halves(word_of(place), 8);
}

constexpr std::uint64_t kId = 64;
constexpr std::uint64_t kLife = TIDEMARK_LIFE_LIVE | 5;
std::uint32_t place() { return LiveTable::start_of(table.hash(0, kId)); }

// One page, with one buffer in it. What a walker looks at and the models do not change is constant.
void begin() {
    std::memset(&page(0), 0, kPages * TIDEMARK_ACCOUNT_PAGE_SIZE);
    table = LiveTable{};
    table.target_ = {account, 1};
    table.limit_pages_ = table.ready_pages_ = kPages;
    table.ready_directory_ = 4096;
    share(&header().directory_sequence, 8);
    share_word(&header().directory_depth, true);
    share_word(table.directory(), true);
    share_word(table.directory() + 2, true);
    for (std::uint32_t i = 0; i < kPages; ++i) {
        share_word(&page(i).depth, true);
        share_word(&page(i).entries[place()].life, false);
        share_word(&page(i).entries[place()].id, false);
    }
    header().state = TIDEMARK_ACCOUNT_LIVE;
    header().directory_offset = kDirectoryOffset;
    header().pages_offset = kPagesOffset;
    header().page_count = 1;
    tidemark_account_entry& entry = page(0).entries[place()];
    entry.id = kId;
    entry.life = kLife;
    table.fill_.assign(1, {1, 1});
    journal_header = {};
    journal_header.capacity = 64;
    const auto populate = [](void*, std::uint64_t, std::uint64_t) { return true; };
    journal.attach(&journal_header, records, populate, nullptr);
    reader.base_ = account;
    reader.size_ = kSize;
}

void make_room() {
    std::uint64_t reserved = 60;
    require(table.make_room(journal, table.slot_of(table.hash(0, kId)), reserved), "there is room");
    journal.commit();
    table.committed();
}
void split() { make_room(); }
// The page that holds the buffer was full of tombstones: its clean copy takes the page that the split left.
void split_and_clean() {
    make_room();
    table.fill_of(table.page_of(table.hash(0, kId))).used = 9;
    make_room();
}
// Two pages of a program that ended, and two that were left before: what is in them goes into one.
void begin_ended() {
    begin();
    header().directory_depth = 1;
    header().page_count = 4;
    table.directory()[1] = 1;
    page(0).depth = page(1).depth = 1;
    const std::uint32_t home = table.page_of(table.hash(0, kId));
    std::swap(page(0).entries[place()], page(home).entries[place()]);
    table.fill_.assign(4, {1, 1});
}
void compact() {
    table.compact(journal, 1);
    journal.commit();
    require(header().directory_depth == 0, "it was worth it");
}

// What a walk found that is not exact is thrown away, and it begins again.
void walk() {
    std::vector<LiveBuffer> found;
    if (!reader.walk(found)) return;
    require(found.size() == 1, "an exact list has each buffer once");
    require(found[0].id == kId && found[0].size == 5, "and whole");
}
void walk_at_last() {
    std::vector<LiveBuffer> found;
    require(reader.walk(found) && found.size() == 1, "a table at rest is exact");
}

}  // namespace

void add_split_models(std::vector<Model>& all) {
    const auto walking = [](void (*run)()) { return Thread{run, false, -1, nullptr, 200}; };
    all.push_back(
        {"page that splits", "under a walk", begin, {walking(split), walking(walk)}, walk_at_last});
    all.push_back({"table that shrinks",
                   "under a walk",
                   begin_ended,
                   {walking(compact), walking(walk)},
                   walk_at_last});
    all.push_back({"page used again",
                   "after a split, under a walk",
                   begin,
                   {walking(split_and_clean), walking(walk)},
                   walk_at_last});
}

}  // namespace tidemark::model
