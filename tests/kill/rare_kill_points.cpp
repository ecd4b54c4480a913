// SPDX-License-Identifier: Apache-2.0
//
// Promise 4 at the points of the drain side that only unusual programs bring about: one that allocates under a key that
// is live, and one with more call sites than a ring has room for.
#include <doctest/doctest.h>

#include "shm/kill_point.hpp"
#include "tests/kill/subject_world.hpp"
#include "tests/kill/successors.hpp"
#include "tests/private_shared_memory.hpp"

using namespace tidemark::test;

namespace {

std::string differences_of_the_superseded(const OwnInstance& instance, pid_t pid) {
    const auto reader = tidemark::StatsReader::open(instance.name());
    if (!reader) return "no stats segment";
    const auto row =
        row_where<tidemark_process_row>(*reader, [pid](const auto& r) { return r.pid == pid; });
    const auto usage = row_where<tidemark_process_usage_row>(
        *reader, [pid](const auto& r) { return r.pid == pid && r.device == 30; });
    if (!row || !usage) return "not published";
    Comparison c("allocated again: ");
    c.same("events", row->events, 100);
    c.same("duplicates", row->duplicates, 50);
    c.same("current", usage->current, 50 * 7);
    c.same("superseded", usage->superseded, 50 * 100);
    c.same("total allocated", usage->total_allocated, 50 * 107);
    c.same("live", usage->live, 50);
    c.same("exact", usage->exact, 0);
    return c.text();
}

}  // namespace

TEST_CASE("a collector killed while a live entry gives way to another counts both once" *
          doctest::skip(!tidemark::shm::kKillPointsBuilt)) {
    REQUIRE(has_private_shared_memory());
    Kills kills;
    for (const std::uint64_t count : {1, 2, 17, 50}) {
        INFO(count);
        const OwnInstance instance;
        Successors collectors(instance.name(),
                              {{"table.retire_life", count}, {"recover.word", count}}, kills);
        Subject subject(instance, {"again", "wait"});
        std::string text;
        comes_true([&] {
            collectors.replace_the_dead();
            text = differences_of_the_superseded(instance, subject.pid());
            return collectors.died() > 0 && text.empty();
        });
        CHECK(text == "");
        CHECK(collectors.died() > 0);
    }
    CHECK(kills["table.retire_life"] == 4);
}

TEST_CASE(
    "a collector killed before it notes that call sites found no room loses no event of them" *
    doctest::skip(!tidemark::shm::kKillPointsBuilt)) {
    REQUIRE(has_private_shared_memory());
    Kills kills;
    const OwnInstance instance;
    Successors collectors(instance.name(), {{"sites.dropped", 1}, {"recover.word", 5}}, kills);
    Subject subject(instance, {"stacks"},
                    {{"TIDEMARK_STACKS", "32"}, {"TIDEMARK_RING_BUDGET", "8M"}});
    REQUIRE(subject.wait() == 0);
    std::string text;
    comes_true([&] {
        collectors.replace_the_dead();
        text = subject_differences(instance.name(), *subject.ledger, TIDEMARK_PROCESS_EXITED);
        return text.empty();
    });
    CHECK(text == "");
    CHECK(kills["sites.dropped"] == 1);
}
