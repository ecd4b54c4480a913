// SPDX-License-Identifier: Apache-2.0
//
// Promise 3: the order of start does not matter. And who takes which ring: one collector each, the one that was named.
#include <doctest/doctest.h>

#include <cstring>

#include "tests/process/ledger_world.hpp"
#include "tests/process/script_world.hpp"

using namespace tidemark::test;

namespace {

enum class First { kCollector, kProgram, kProgramToItsEnd };

// Runs the same generator, and compares what is published with its ledger. The ledger's usages.
std::vector<LedgerUsage> run_in_order(First first) {
    const OwnInstance instance;
    std::unique_ptr<Collector> collector;
    if (first == First::kCollector) collector = std::make_unique<Collector>(instance.name());
    Generator generator(instance, 3, 500, 4000, 0, {{"LEDGER_WAITS", "0"}});
    generator.run();
    REQUIRE(comes_true([&] { return generator.is_paused(); }));
    if (first == First::kProgramToItsEnd) REQUIRE(generator.end() == 0);
    if (!collector) collector = std::make_unique<Collector>(instance.name());
    const auto state =
        first == First::kProgramToItsEnd ? TIDEMARK_PROCESS_EXITED : TIDEMARK_PROCESS_RUNNING;
    REQUIRE(settled(instance.name(), *generator.page, state) == "");
    const LedgerPage& page = *generator.page;
    return {page.usages, page.usages + page.usage_count};
}

bool same(const std::vector<LedgerUsage>& a, const std::vector<LedgerUsage>& b) {
    return a.size() == b.size() &&
           std::memcmp(a.data(), b.data(), a.size() * sizeof(LedgerUsage)) == 0;
}

// Stats segments, of whomever, that show the process.
int instances_that_show(pid_t pid) {
    int count = 0;
    for (const std::string& object : OwnInstance::listed("tidemark.")) {
        constexpr std::size_t kBefore = sizeof "tidemark." - 1, kAfter = sizeof ".stats" - 1;
        if (object.size() < kBefore + kAfter || !object.ends_with(".stats")) continue;
        const auto reader =
            tidemark::StatsReader::open(object.substr(kBefore, object.size() - kBefore - kAfter));
        if (!reader) continue;
        for (const tidemark_process_row& row : reader->all<tidemark_process_row>())
            count += row.pid == pid && row.state == TIDEMARK_PROCESS_RUNNING;
    }
    return count;
}

}  // namespace

TEST_CASE(
    "totals are the same whether the collector, the program or all of the program came first") {
    const auto collector_first = run_in_order(First::kCollector);
    CHECK(same(collector_first, run_in_order(First::kProgram)));
    CHECK(same(collector_first, run_in_order(First::kProgramToItsEnd)));
}

TEST_CASE("of two collectors a named ring is taken by the one that it names") {
    const OwnInstance mine, other;
    const Collector collector(mine.name()), another(other.name());
    Script script("run", {"1000"}, other.tracked());
    REQUIRE(script.arrived(1));
    REQUIRE(comes_true([&] {
        const auto row = process_of(other.name(), script.pid());
        return row && row->events == 1000;
    }));
    CHECK_FALSE(process_of(mine.name(), script.pid()));
    CHECK(instances_that_show(script.pid()) == 1);
}

TEST_CASE("a ring that names none is left to the default collectors") {
    const OwnInstance own;
    const Collector collector(own.name());
    Script unnamed("run", {"100"}, own.tracked({{"TIDEMARK_INSTANCE", ""}}));
    Script named("run", {"100"}, own.tracked());
    REQUIRE(unnamed.arrived(1));
    REQUIRE(named.arrived(1));
    REQUIRE(comes_true([&] { return collector_of(own.name()).events == 100; }));
    CHECK_FALSE(process_of(own.name(), unnamed.pid()));
    const auto is_ours = [&](const auto& ring) { return ring.pid == unnamed.pid(); };
    const auto left = OwnInstance::rings_where(is_ours);
    CHECK(left.size() <= 1);  // a default collector that runs here may take it
    for (const std::string& ring : left)
        unlink(("/dev/shm/" + ring).c_str());
}

TEST_CASE("a private instance takes only rings that name it, and leaves nothing behind") {
    const OwnInstance own, absent;
    Collector collector(own.name(), {"--private"});
    REQUIRE(collector.is_ready());
    Script others("run", {"100"}, absent.tracked());
    Script unnamed("run", {"100"}, own.tracked({{"TIDEMARK_INSTANCE", ""}}));
    Script named("run", {"100"}, own.tracked());
    REQUIRE(named.arrived(1));
    REQUIRE(others.arrived(1));
    REQUIRE(unnamed.arrived(1));
    REQUIRE(comes_true([&] { return collector_of(own.name()).events == 100; }));
    CHECK_FALSE(process_of(own.name(), others.pid()));
    CHECK_FALSE(process_of(own.name(), unnamed.pid()));
    named.go(1);
    CHECK(named.wait() == 0);
    collector.signal(SIGTERM);
    CHECK(collector.wait() == 0);
    CHECK(own.objects().empty());
    CHECK(own.rings().empty());
    // The ring that named none waits for a collector to come; none of ours will.
    const auto is_ours = [&](const auto& ring) { return ring.pid == unnamed.pid(); };
    for (const std::string& ring : OwnInstance::rings_where(is_ours))
        unlink(("/dev/shm/" + ring).c_str());
}
