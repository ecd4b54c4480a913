// SPDX-License-Identifier: Apache-2.0
// Buffers that wait in the nursery: an account whose events are settled one by one and one where they wait say the same.
#include <unistd.h>

#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <set>
#include <string>
#include <tuple>

#include "collector/drain/account.hpp"
#include "collector/drain/ledger.hpp"

using namespace tidemark;
using namespace tidemark::collector;

namespace {

using Entries = std::set<std::tuple<std::uint64_t, std::uint32_t, std::uint64_t, std::uint64_t>>;

// An account in an instance of its own.
class Bench {
public:
    explicit Bench(std::uint64_t pages = 1024) : instance_(next_instance()) {
        limits_.live_table_bytes = pages * TIDEMARK_ACCOUNT_PAGE_SIZE;
        ImageIdentity identity;
        identity.image = 1;
        identity.uid = geteuid();
        std::string error;
        bool made = false;
        REQUIRE(ledger_.open(instance_, made, error));
        account = Account::create(instance_, identity, 1, limits_, error);
        REQUIRE(account);
        account->begin_pass();
    }
    ~Bench() {
        shm::Segment::unlink(account->object_name());
        shm::Segment::unlink(Ledger::name_of(instance_));
    }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    void apply(const shm::Event& event) {
        REQUIRE(
            ledger_.journal().reserve(LiveTable::kMostRecords + Account::kRecordsBeside + kSeal));
        account->apply(ledger_.journal(), nursery_, event, account->hash(event), nullptr);
    }
    void settle() { account->settle(ledger_.journal(), nursery_, kSeal); }
    void commit() {
        settle();
        account->seal(ledger_.journal());
        ledger_.journal().commit();
        account->committed();
        account->begin_pass();
    }
    Entries entries() const {
        Entries all;
        account->table().for_each([&](const tidemark_account_entry& entry) {
            all.insert({entry.id, entry.device, entry.life, entry.stamp});
        });
        return all;
    }
    std::uint64_t entry_count() const { return entries().size(); }

    std::unique_ptr<Account> account;

private:
    static constexpr std::uint64_t kSeal = 512;
    static std::string next_instance() {
        static int number = 0;
        return "nursery-" + std::to_string(getpid()) + "-" + std::to_string(number++);
    }

    Limits limits_;
    std::string instance_;
    Ledger ledger_;
    Nursery nursery_;
};

void require_same(const Bench& a, const Bench& b) {
    const AccountState& x = a.account->state;
    const AccountState& y = b.account->state;
    REQUIRE(a.account->usage_count == b.account->usage_count);
    REQUIRE(std::memcmp(x.usages, y.usages, sizeof x.usages) == 0);
    REQUIRE(std::memcmp(x.lives, y.lives, sizeof x.lives) == 0);
    REQUIRE(std::tie(x.events, x.unknown_frees, x.duplicates, x.ambiguous_frees,
                     x.rejected_allocations, x.gap_consequences) ==
            std::tie(y.events, y.unknown_frees, y.duplicates, y.ambiguous_frees,
                     y.rejected_allocations, y.gap_consequences));
    REQUIRE(a.entries() == b.entries());
}

shm::Event allocation(std::uint64_t stamp, std::uint64_t id, std::uint64_t size,
                      std::uint32_t pool = TIDEMARK_POOL_DRAM, std::uint32_t device = 0) {
    return {stamp, id, shm::pack(shm::Operation::kAllocation, pool, size), device, 0};
}

shm::Event release(std::uint64_t stamp, std::uint64_t id, std::uint32_t pool = TIDEMARK_POOL_DRAM,
                   std::uint32_t device = 0, std::uint8_t flags = 0) {
    return {stamp, id, shm::pack(shm::Operation::kFree, pool, 0, flags), device, 0};
}

}  // namespace

TEST_CASE("whatever a program does, figures and live set are as if no buffer had waited") {
    constexpr std::uint32_t kAny = TIDEMARK_POOL_ANY;
    for (const std::uint32_t ids : {2u, 40u, 3000u}) {
        CAPTURE(ids);
        std::mt19937_64 random(ids);
        Bench one_by_one;
        Bench waiting;
        std::uint64_t stamp = 1000;
        for (int i = 0; i < 60'000; ++i) {
            const std::uint64_t id = 0x7f0000000000 + (random() % ids) * 32;
            const auto device = static_cast<std::uint32_t>(random() % 8 == 0);
            const auto pool = static_cast<std::uint32_t>(random() % 8 == 0);
            const bool any = random() % 4 == 0;
            const std::uint64_t size = 1 + random() % 5000;
            stamp += 1 + random() % 3;  // of two that are equally old, either may be meant
            shm::Event event = allocation(stamp, id, size, pool, device);
            if (random() % 2 == 0) {
                const bool late = random() % 16 == 0;
                event = release(late ? stamp - random() % 100 : stamp, id, any ? kAny : pool,
                                device, late ? shm::kFlagLate : 0);
            }
            one_by_one.apply(event);
            one_by_one.settle();
            waiting.apply(event);
            if (random() % 512 != 0) continue;
            waiting.settle();
            require_same(one_by_one, waiting);
            if (random() % 4 != 0) continue;
            waiting.commit();
            one_by_one.commit();
        }
        waiting.settle();
        require_same(one_by_one, waiting);
    }
}

TEST_CASE("a buffer that is freed soon leaves no trace in the live table, nor in the journal") {
    Bench bench;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        bench.apply(allocation(2 * i + 1, 0x1000 + i % 10 * 64, 100));
        bench.apply(release(2 * i + 2, 0x1000 + i % 10 * 64));
        REQUIRE(bench.entry_count() == 0);
    }
    bench.settle();
    const UsageState& usage = bench.account->state.usages[0];
    CHECK(usage.allocations == 1000);
    CHECK(usage.frees == 1000);
    CHECK(usage.current == 0);
    CHECK(usage.peak == 100);
    CHECK(bench.account->exact());
}

TEST_CASE("buffers for which there is no room once they have waited are counted as such") {
    constexpr std::uint64_t kPages = 4;
    Bench bench(kPages);
    std::uint64_t id = 0;
    for (; id < 2000; ++id)
        bench.apply(allocation(id + 1, id * 4096, 10));
    bench.settle();
    const AccountState& state = bench.account->state;
    CHECK(state.rejected_allocations != 0);
    CHECK(state.rejected_bytes == state.rejected_allocations * 10);
    CHECK(state.usages[0].live == bench.entry_count());
    CHECK(state.usages[0].current == bench.entry_count() * 10);
    CHECK(state.usages[0].allocations + state.rejected_allocations == id);
    CHECK_FALSE(bench.account->exact());
    bench.commit();
    // Everything that was taken can be freed, and what was not is unknown.
    for (std::uint64_t i = 0; i < id; ++i)
        bench.apply(release(id + i + 1, i * 4096));
    bench.settle();
    CHECK(state.usages[0].current == 0);
    CHECK(state.usages[0].live == 0);
    CHECK(state.unknown_frees == state.rejected_allocations);
}
