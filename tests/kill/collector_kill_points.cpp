// SPDX-License-Identifier: Apache-2.0
//
// Promise 4, between any two stores: a collector that dies at a named point, and its successor that dies while it
// recovers, leave what the next one needs to publish exactly the ledger's figures. The points are those that the
// sources name; one that nothing here reaches is a failure.
#include <doctest/doctest.h>

#include <random>

#include "shm/kill_point.hpp"
#include "tests/kill/bell_page.hpp"
#include "tests/kill/successors.hpp"
#include "tests/private_shared_memory.hpp"
#include "tests/process/ledger_world.hpp"

using namespace tidemark::test;

namespace {

constexpr int kChildren = 3;

bool begins(const std::string& point, const char* prefix) { return point.rfind(prefix, 0) == 0; }

bool is_of_recovery(const std::string& point) {
    return begins(point, "recover.") || point == "ledger.recoveries" || point == "ledger.restarts";
}

// What a generator can't bring about: gateway_kill_points.cpp and rare_kill_points.cpp.
bool is_elsewhere(const std::string& point) {
    return begins(point, "proxy.") || point == "table.retire_life" || point == "sites.dropped";
}

std::vector<Death> deaths_at(const std::string& point, std::uint64_t count) {
    if (is_of_recovery(point))
        return {{"journal.in_place", 300 + count}, {point, count}, {point, 1}};
    return {{point, count}, {"recover.word", count % 40 + 1}};
}

// So that the points of an image's end are passed while the collector is armed.
bool children_are_retired(const OwnInstance& instance) {
    const auto reader = tidemark::StatsReader::open(instance.name());
    const auto row = reader ? reader->read<tidemark_collector_row>(0) : std::nullopt;
    return row && row->processes_seen == 1 + kChildren && row->processes_running == 1;
}

// Rings tell of news only where their collector slept. A second round in which it did; nothing, where somebody died.
void run_once_more(const OwnInstance& instance, Generator& generator, Successors& collectors) {
    const auto somebody_died = [&] {
        collectors.replace_the_dead();
        return collectors.died() != 0;
    };
    REQUIRE(comes_true(
        [&] { return somebody_died() || waiting_of(instance.name()) == tidemark::shm::kAsleep; }));
    if (somebody_died()) return;
    generator.run();
    REQUIRE(comes_true([&] {
        collectors.replace_the_dead();
        return generator.is_paused();
    }));
}

// A generator from its first event to its end, under collectors that die as told, one after the other. How many died.
std::size_t life(const std::vector<Death>& deaths, Kills& kills) {
    const OwnInstance instance;
    if (begins(deaths[0].point, "bell.")) forget_bell_page();
    Successors collectors(instance.name(), deaths, kills);
    const bool has_stacks = begins(deaths[0].point, "sites.");
    Generator generator(instance, 2, 1500, 6000, kChildren,
                        {{"TIDEMARK_STACKS", has_stacks ? "8" : ""}});
    generator.run();
    REQUIRE(comes_true([&] {
        collectors.replace_the_dead();
        return generator.is_paused() && children_are_retired(instance);
    }));
    if (begins(deaths[0].point, "bell.")) run_once_more(instance, generator, collectors);
    if (begins(deaths[0].point, "bell.leave") || collectors.died() == 0) collectors.stop();
    const std::size_t died = collectors.died();
    collectors.last();
    REQUIRE(settled(instance.name(), *generator.page) == "");
    CHECK(generator.end() == 0);
    REQUIRE(settled(instance.name(), *generator.page, TIDEMARK_PROCESS_EXITED) == "");
    return died;
}

}  // namespace

TEST_CASE("a collector killed before any store of the drain side leaves what its successor needs" *
          doctest::skip(!tidemark::shm::kKillPointsBuilt)) {
    REQUIRE(has_private_shared_memory());
    std::mt19937 random(7);
    Kills kills;
    const char* only = std::getenv("TIDEMARK_ONLY_POINT");
    for (const std::string& point : points_of_the_drain_side()) {
        if (is_elsewhere(point) || (only != nullptr && point != only)) continue;
        for (const std::uint64_t most : {1u, 20u, 600u}) {
            const std::uint64_t count = most == 1 ? 1 : 2 + random() % most;
            INFO(point, ":", count);
            if (life(deaths_at(point, count), kills) == 0) break;
        }
    }
    MESSAGE("kills:\n", listed(kills));
    for (const std::string& point : points_of_the_drain_side()) {
        if (is_elsewhere(point) || (only != nullptr && point != only)) continue;
        INFO("not reached: ", point);
        CHECK(kills[point] > 0);
    }
}
