// SPDX-License-Identifier: Apache-2.0
// The live table and its journal against a model: whatever is inserted and erased, and wherever a pass is cut off and
// undone, the table holds what the model holds.
#include <sys/mman.h>

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <vector>

#include "collector/drain/live_table.hpp"

using namespace tidemark;
using namespace tidemark::collector;

namespace {

using Model = std::map<std::uint64_t, std::uint64_t>;  // id -> size

// An account's memory and a journal, as the ledger would hold it, both anonymous.
class Bench {
public:
    explicit Bench(std::uint64_t limit = 32 << 20) : limit_(limit) {
        base_ = reserve(kPagesOffset + limit_);
        auto* state = reinterpret_cast<AccountState*>(base_ + kStateOffset);
        state->seed[0] = 0x1234567;
        state->seed[1] = 0x89abcdef;
        records_.resize(1 << 16);
        journal_header_.capacity = records_.size();
        journal.attach(
            &journal_header_, records_.data(),
            [](void*, std::uint64_t, std::uint64_t) { return true; }, nullptr);
        attach();
        REQUIRE(table.create());
    }
    ~Bench() { munmap(base_, kPagesOffset + limit_); }

    bool insert(std::uint64_t id, std::uint64_t size, std::uint64_t pool = TIDEMARK_POOL_DRAM) {
        if (!journal.reserve(LiveTable::kMostRecords)) return false;
        const std::uint64_t before = journal.count();
        const tidemark_account_entry entry{
            size | (pool << TIDEMARK_LIFE_POOL_SHIFT) | TIDEMARK_LIFE_LIVE, id, 1, 0, 0};
        const std::uint64_t hash = table.hash(0, id);
        const LiveTable::Match match = table.find(hash, 0, static_cast<std::uint32_t>(pool), id, 0);
        REQUIRE(match.entry == nullptr);
        const bool inserted = table.insert(journal, hash, entry);
        REQUIRE(journal.count() - before <= LiveTable::kMostRecords);
        return inserted;
    }
    // As many ids as a program's addresses lie, committed now and then.
    void fill(std::uint64_t count) {
        for (std::uint64_t id = 0; id < count; ++id) {
            if (id % 100 == 0) commit();
            REQUIRE(insert(id * 48, id));
        }
        commit();
    }
    void erase(std::uint64_t id) {
        const LiveTable::Match match = table.find(table.hash(0, id), 0, 0, id, UINT64_MAX);
        REQUIRE(match.entry != nullptr);
        table.erase(journal, match.entry);
    }
    void commit() {
        journal.commit();
        table.committed();
    }
    // As the next collector does after a SIGKILL.
    void crash() {
        for (std::uint64_t i = journal.count(); i-- > 0;)
            restore(base_, kPagesOffset + limit_, journal.at(i));
        journal.clear();
        attach();
        table.recover();
    }
    Model content() const {
        Model found;
        table.for_each([&](const tidemark_account_entry& entry) {
            CHECK(found.emplace(entry.id, entry.life & TIDEMARK_LIFE_SIZE_MASK).second);
        });
        return found;
    }

    Journal journal;
    LiveTable table;
    std::uint64_t present = 0;  // pages whose memory was asked for

private:
    static std::byte* reserve(std::uint64_t bytes) {
        return static_cast<std::byte*>(mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    }
    void attach() {
        const auto populate = [](void* self, std::uint64_t offset, std::uint64_t length) {
            auto& bench = *static_cast<Bench*>(self);
            if (offset >= kPagesOffset) bench.present += length / TIDEMARK_ACCOUNT_PAGE_SIZE;
            return true;
        };
        table.attach({base_, 1}, limit_, populate, this);
    }

    const std::uint64_t limit_;
    std::byte* base_;
    JournalHeader journal_header_{};
    std::vector<UndoRecord> records_;
};

}  // namespace

TEST_CASE(
    "random inserts and erases, with passes cut off anywhere, leave what the last commit held") {
    Bench bench;
    Model model;
    Model committed;
    std::mt19937_64 random(42);
    std::vector<std::uint64_t> ids;
    int crashes = 0;
    for (int step = 0; step < 200000; ++step) {
        const bool growing = step % 40000 < 25000;
        if (ids.empty() || random() % 100 < (growing ? 70 : 35)) {
            const std::uint64_t id = random() % 1000000 * 16;
            if (model.count(id) != 0) continue;
            if (!bench.insert(id, id % 1000)) {
                bench.commit();
                committed = model;
                REQUIRE(bench.insert(id, id % 1000));
            }
            model[id] = id % 1000;
            ids.push_back(id);
        } else {
            const std::size_t which = random() % ids.size();
            bench.erase(ids[which]);
            model.erase(ids[which]);
            ids[which] = ids.back();
            ids.pop_back();
        }
        if (random() % 500 == 0) {
            bench.commit();
            committed = model;
        } else if (random() % 3000 == 0) {
            bench.crash();
            ++crashes;
            model = committed;
            ids.clear();
            for (const auto& [id, size] : model)
                ids.push_back(id);
        }
    }
    CHECK(bench.content() == model);
    CHECK(crashes > 20);
    CHECK(model.size() > 1000);
}

TEST_CASE("churn at a constant size does not grow the table without end") {
    Bench bench;
    for (std::uint64_t id = 0; id < 1000; ++id)
        REQUIRE(bench.insert(id, 1));
    for (std::uint64_t id = 1000; id < 300000; ++id) {
        bench.erase(id - 1000);
        REQUIRE(bench.insert(id, 1));
        if (id % 100 == 0) bench.commit();
    }
    CHECK(bench.content().size() == 1000);
}

TEST_CASE("a table at its limit refuses, and goes on once there is room") {
    Bench bench;
    std::uint64_t id = 0;
    while (bench.insert(id, 1)) {
        ++id;
        if (id % 100 == 0) bench.commit();
    }
    bench.commit();
    CHECK(id > 350000);  // at most 96 bytes a buffer, even where ids leave no gaps
    for (std::uint64_t freed = 0; freed < id; ++freed) {
        if (!bench.journal.reserve(8)) bench.commit();
        bench.erase(freed);
    }
    bench.commit();
    CHECK(bench.content().empty());
    CHECK(bench.insert(7, 1));
}

TEST_CASE("a million ids without a gap between them all find a place") {
    for (const std::uint64_t step : {1u, 16u}) {
        CAPTURE(step);
        Bench bench(256 << 20);
        std::uint64_t refused = 0;
        for (std::uint64_t i = 0; i < 1000000; ++i) {
            if (i % 100 == 0) bench.commit();
            refused += bench.insert(i * step, 1) ? 0 : 1;
        }
        CHECK(refused == 0);
        CHECK(bench.present * TIDEMARK_ACCOUNT_PAGE_SIZE < 96 * 1000000);
    }
}

TEST_CASE("ids that crowd into few pages use no more of the journal than was reserved for them") {
    // Every id of a neighbourhood, live in so many pools at once; then others.
    for (const std::uint64_t pools : {2u, 3u, 6u}) {
        CAPTURE(pools);
        Bench bench(256 << 20);
        for (std::uint64_t pool = 0; pool < pools; ++pool) {
            for (std::uint64_t i = 0; i < 128; ++i)
                bench.insert(i * 16, 1, pool);
        }
        bench.commit();
        std::mt19937_64 random(7);
        std::uint64_t refused = 0;
        for (int i = 0; i < 100000; ++i) {
            if (i % 10 == 0) bench.commit();
            refused += bench.insert((random() | (1ull << 60)) & ~15ull, 1) ? 0 : 1;
        }
        if (pools <= 3)
            CHECK(refused == 0);  // more can crowd a page for good: refused, and counted
    }
}

TEST_CASE("in a pause a table gets ready for as many pages again as a quarter of those in use") {
    Bench bench;
    bench.fill(100000);
    const std::uint64_t before = bench.present;
    int steps = 0;
    while (bench.table.prepare_ahead())
        REQUIRE(++steps < 1000);
    CHECK(bench.present > before);
    CHECK(bench.present < before + before / 3);
    CHECK(bench.content().size() == 100000);

    const std::uint64_t prepared = bench.present;
    for (std::uint64_t id = 100000; bench.present == prepared; ++id) {
        if (id % 100 == 0) bench.commit();
        REQUIRE(bench.insert(id * 48, 1));
        REQUIRE(id < 200000);
    }
    CHECK(bench.content().size() > 110000);
}

TEST_CASE(
    "a table of a few pages gets nothing ready, so that a thousand small programs cost nothing") {
    Bench bench;
    for (std::uint64_t id = 0; id < 300; ++id)
        REQUIRE(bench.insert(id * 48, 1));
    bench.commit();
    CHECK_FALSE(bench.table.prepare_ahead());
}

TEST_CASE("what a program left of a large table moves into few pages, unless the move is undone") {
    for (const bool killed : {false, true}) {
        CAPTURE(killed);
        Bench bench;
        bench.fill(100000);
        for (std::uint64_t id = 0; id < 100000; ++id) {
            if (id % 100 == 0) bench.commit();
            if (id % 150 != 7) bench.erase(id * 48);
        }
        bench.commit();
        const Model left = bench.content();
        const std::uint32_t slots = bench.table.slots();
        REQUIRE(left.size() == 667);
        bench.table.compact(bench.journal, left.size());
        CHECK(bench.content() == left);
        if (killed)
            bench.crash();
        else
            bench.commit();
        CHECK(bench.content() == left);
        CHECK((bench.table.slots() == slots) == killed);
        CHECK((bench.table.first_page() > 500) == !killed);
    }
}

TEST_CASE("a table that is full of what was left stays as it is") {
    Bench bench;
    bench.fill(10000);
    bench.table.compact(bench.journal, 10000);
    CHECK(bench.journal.count() == 0);
    CHECK(bench.content().size() == 10000);
}
