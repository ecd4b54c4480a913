// SPDX-License-Identifier: Apache-2.0
//
// Promise 4, under load: a collector killed at any moment and started again publishes exactly what one that was never
// killed would have.
#include <doctest/doctest.h>

#include <random>

#include "tests/process/ledger_world.hpp"

using namespace tidemark::test;

namespace {

constexpr int kKills = 40;

// Waits until the generator went on by `events`, so that the moment of the kill is one of work.
bool works_on(const LedgerPage& page, std::uint64_t events) {
    const std::uint64_t until = seen(page.progress) + events;
    return comes_true([&] { return seen(page.progress) >= until; });
}

void kill_again_and_again(const OwnInstance& instance, const Generator& generator,
                          std::unique_ptr<Collector>& collector) {
    std::mt19937 random(20240817);
    for (int kills = 0; kills < kKills; ++kills) {
        // Now and then it is killed again before it did anything, or while it recovers.
        if (kills % 4 != 3) REQUIRE(works_on(*generator.page, random() % 8000));
        if (kills % 5 == 0) collector->signal(SIGSTOP);  // rings fill up before the next one comes
        collector->kill();
        collector = std::make_unique<Collector>(instance.name());
        REQUIRE(collector->is_ready());
    }
}

}  // namespace

TEST_CASE(
    "a collector killed at random under load, many times, loses nothing and applies nothing "
    "twice") {
    const OwnInstance instance;
    auto collector = std::make_unique<Collector>(instance.name());
    REQUIRE(collector->is_ready());
    Generator generator(instance, 3, 4000, 0, 40);
    generator.run();
    kill_again_and_again(instance, generator, collector);
    REQUIRE(works_on(*generator.page, 5000));
    REQUIRE(generator.pause());
    REQUIRE(settled(instance.name(), *generator.page) == "");
    CHECK(generator.end() == 0);
    REQUIRE(settled(instance.name(), *generator.page, TIDEMARK_PROCESS_EXITED) == "");
    const auto reader = tidemark::StatsReader::open(instance.name());
    REQUIRE(reader);
    const auto row = reader->read<tidemark_collector_row>(0);
    REQUIRE(row);
    CHECK(row->restarts == kKills);
    MESSAGE("passes that were undone: ", row->recoveries, ", events: ", generator.page->events);
}
