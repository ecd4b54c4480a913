// SPDX-License-Identifier: Apache-2.0
//
// The undo journal: a collector that is killed at any store, with any of the stores undone that the compiler could have
// put after the kill, and a successor that restores.
#include "collector/drain/journal.hpp"

#include "collector/drain/ledger.hpp"
#include "models/parts.hpp"

namespace tidemark::model {
namespace {

using collector::Journal;
using collector::JournalHeader;
using collector::UndoRecord;

struct Object {
    JournalHeader header;
    UndoRecord records[4];
    std::uint64_t words[4];  // each commit leaves all of them equal
} object;

Journal attach() {
    Journal journal;
    journal.attach(&object.header, object.records, nullptr, nullptr);
    return journal;
}
void begin() {
    share(&object, sizeof object);
    object.header.capacity = 4;
}

void apply(std::uint64_t value) {
    Journal journal = attach();
    const collector::Target target{reinterpret_cast<std::byte*>(&object.words), 1};
    for (std::uint64_t i = 0; i < 2; ++i)
        journal.store(target, 8 * i, &value, 1);
    // As LiveTable::replace does: kept, then stored in place by the caller.
    journal.keep(target, 16, 2);
    __atomic_store_n(&object.words[2], value, __ATOMIC_RELAXED);
    __atomic_store_n(&object.words[3], value, __ATOMIC_RELAXED);
    journal.commit();
}
void apply_twice() {
    apply(1);
    apply(2);
}
// As Ledger::recover: backwards, then the count.
void recover() {
    Journal journal = attach();
    for (std::uint64_t i = journal.count(); i-- > 0;)
        require(collector::restore(reinterpret_cast<std::byte*>(&object.words), sizeof object.words,
                                   journal.at(i)),
                "a counted record is complete");
    journal.clear();
    for (const std::uint64_t& word : object.words)
        require(__atomic_load_n(&word, __ATOMIC_RELAXED) ==
                    __atomic_load_n(&object.words[0], __ATOMIC_RELAXED),
                "the last commit, whole");
}
// A ledger's header and a row of it, made by a collector that is killed, found by the next one.
struct Book {
    collector::LedgerHeader header;
    collector::LedgerRow row;
} book;
void begin_book() { share(&book, sizeof book); }
void make_book() {
    book.header.next_serial = 1;
    book.header.next_pool = 16;
    collector::publish_ledger(book.header);
    book.row.device = 3;
    book.row.pool_name[0] = 'p';
    collector::publish_row(book.row, 0);
}
void find_book() {
    if (book.header.magic != 0)
        require(book.header.next_serial == 1 && book.header.next_pool == 16,
                "a ledger that has its magic is complete");
    if (book.row.used != 0)
        require(book.row.device == 3 && book.row.pool_name[0] == 'p',
                "a row that is used is complete");
}
void nothing() {}

}  // namespace

void add_journal_models(std::vector<Model>& all) {
    all.push_back({"journal",
                   "killed at any store, restored",
                   begin,
                   {{apply_twice, true, -1, nullptr, 200}, {recover, false, 0, nullptr, 200}},
                   nothing,
                   true});
    all.push_back({"journal whose recovery dies",
                   "and is begun again",
                   begin,
                   {{recover, true, -1, nullptr, 200}, {recover, false, 0, nullptr, 200}},
                   nothing,
                   true});
    all.push_back({"ledger",
                   "its maker is killed, and it is found",
                   begin_book,
                   {{make_book, true}, {find_book, false, 0}},
                   nothing,
                   true});
}

}  // namespace tidemark::model
