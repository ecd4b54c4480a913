// SPDX-License-Identifier: Apache-2.0
//
// Promise 4, the other side: a program killed between any two stores of an append loses no event that it had published;
// the torn one is invisible; what it left is reported to the buffer.
#include <doctest/doctest.h>

#include "shm/kill_point.hpp"
#include "tests/process/script_world.hpp"

using namespace tidemark::test;

namespace {

struct Death {
    const char* point;
    std::uint64_t count;
    std::uint64_t published;  // events before it
};

// Both points of an append lie before its head moves. 512 events fill a lane's first block to its link.
constexpr Death kDeaths[] = {
    {"append.record", 1, 0},     {"append.head", 1, 0},         {"append.record", 2, 1},
    {"append.head", 4, 3},       {"append.record", 100, 99},    {"append.head", 1001, 1000},
    {"append.head", 2500, 2499}, {"append.record", 2500, 2499},
};

void die_at(const Death& death, bool collector_first) {
    CAPTURE(death.point);
    CAPTURE(death.count);
    const OwnInstance instance;
    std::unique_ptr<Collector> collector;
    if (collector_first) collector = std::make_unique<Collector>(instance.name());
    const std::string armed = std::string(death.point) + ":" + std::to_string(death.count);
    Script script("run", {"5000"}, instance.tracked({{"TIDEMARK_KILL_POINT", armed}}));
    const int status = script.wait();
    REQUIRE(WIFSIGNALED(status));
    REQUIRE(WTERMSIG(status) == SIGKILL);
    if (!collector) collector = std::make_unique<Collector>(instance.name());
    std::optional<tidemark_process_row> row;
    REQUIRE(comes_true([&] {
        row = process_of(instance.name(), script.pid());
        return row && row->state == TIDEMARK_PROCESS_EXITED;
    }));
    CHECK(row->events == death.published);
    CHECK(row->unknown_frees == 0);
    CHECK(row->exact == 1);
    CHECK(leak_differences(instance.name(), row->image, death.published) == "");
    if (death.published == 0) return;
    const LedgerUsage ledger = script_usage(death.published);
    CHECK(usage_differences(usage_of(instance.name(), row->image), ledger) == "");
    CHECK(usage_of(instance.name())->freed_by_exit == ledger.current);
    CHECK(usage_of(instance.name())->current == 0);
}

}  // namespace

TEST_CASE("a program killed inside an append keeps all that came before it" *
          doctest::skip(!tidemark::shm::kKillPointsBuilt)) {
    for (const Death& death : kDeaths)
        die_at(death, true);
}

TEST_CASE(
    "a program killed inside an append before there was a collector keeps what came before it" *
    doctest::skip(!tidemark::shm::kKillPointsBuilt)) {
    die_at({"append.head", 2500, 2499}, false);
    die_at({"link.head", 1, 256}, false);
}

TEST_CASE("a program killed with buffers leaves exactly those in the report") {
    const OwnInstance instance;
    const Collector collector(instance.name());
    Script script("run", {"4321"}, instance.tracked());
    REQUIRE(script.arrived(1));
    kill(script.pid(), SIGKILL);
    script.wait();
    std::optional<tidemark_process_row> row;
    REQUIRE(comes_true([&] {
        row = process_of(instance.name(), script.pid());
        return row && row->state == TIDEMARK_PROCESS_EXITED;
    }));
    CHECK(leak_differences(instance.name(), row->image, 4321) == "");
    CHECK(usage_differences(usage_of(instance.name(), row->image), script_usage(4321)) == "");
    CHECK(usage_of(instance.name(), row->image)->freed_by_exit == script_usage(4321).current);
}
