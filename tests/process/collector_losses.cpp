// SPDX-License-Identifier: Apache-2.0
//
// Promise 5: what could not be kept is counted exactly, bounds what it touches, and `exact` says so. Forced by a
// collector that is stopped while a program does not wait.
#include <doctest/doctest.h>

#include "tests/process/script_world.hpp"

using namespace tidemark::test;

namespace {

constexpr std::uint64_t kSent = 200'000;  // a phase; more than a lane can ever hold

bool sent(Script& script, std::uint64_t events) {
    return comes_true([&] { return seen(script.page().sent) >= events; });
}

// Applied and lost together are what was sent.
bool adds_up(const std::string& instance, pid_t pid, std::uint64_t events) {
    return comes_true([&] {
        const auto row = process_of(instance, pid);
        const auto usage = row ? usage_of(instance, row->image) : std::nullopt;
        return usage && usage->allocations + row->lost_allocations[TIDEMARK_LOSS_FULL] == events;
    });
}

}  // namespace

TEST_CASE(
    "events that a stopped collector let pass are counted one by one, and nothing after it goes on "
    "is lost") {
    const OwnInstance instance;
    const Collector collector(instance.name());
    Script script("flood", {std::to_string(kSent)},
                  instance.tracked({{"TIDEMARK_POLICY", "drop"}}));
    REQUIRE(script.arrived(1));
    collector.signal(SIGSTOP);
    script.go(1);
    REQUIRE(sent(script, kSent));
    const std::uint64_t lost = script.page().lost_allocations;
    CHECK(lost > 0);
    CHECK(lost < kSent);
    CHECK(script.page().lost_frees == 0);
    CHECK(script.page().lost_bytes == 10 * lost);
    collector.signal(SIGCONT);
    REQUIRE(adds_up(instance.name(), script.pid(), kSent));

    const auto row = process_of(instance.name(), script.pid());
    const auto usage = usage_of(instance.name(), row->image);
    const auto device = usage_of(instance.name());
    CHECK(row->lost_allocations[TIDEMARK_LOSS_FULL] == lost);
    CHECK(row->lost_bytes[TIDEMARK_LOSS_FULL] == 10 * lost);
    CHECK(row->exact == 0);
    CHECK(usage->exact == 0);
    CHECK(usage->peak_exact == 0);
    CHECK(usage->current == 10 * (kSent - lost));
    CHECK(device->exact == 0);
    CHECK(device->lost_allocations == lost);
    CHECK(device->total_allocated + device->lost_bytes == 10 * kSent);
    CHECK(collector_of(instance.name()).lost_allocations[TIDEMARK_LOSS_FULL] == lost);
}

TEST_CASE("losses stay counted once, over a death of the collector and the end of the program") {
    const OwnInstance instance;
    std::uint64_t lost = 0;
    auto collector = std::make_unique<Collector>(instance.name());
    Script script("flood", {std::to_string(kSent)},
                  instance.tracked({{"TIDEMARK_POLICY", "drop"}}));
    REQUIRE(script.arrived(1));
    collector->signal(SIGSTOP);
    script.go(1);
    REQUIRE(sent(script, kSent));
    lost = script.page().lost_allocations;
    collector->kill();
    collector = std::make_unique<Collector>(instance.name());
    REQUIRE(adds_up(instance.name(), script.pid(), kSent));
    collector->kill();
    collector = std::make_unique<Collector>(instance.name());
    CHECK(collector_of(instance.name()).lost_allocations[TIDEMARK_LOSS_FULL] == lost);
    script.go(3);
    CHECK(script.wait() == 0);
    REQUIRE(comes_true([&] { return collector_of(instance.name()).processes_running == 0; }));
    lost = script.page().lost_allocations;
    const auto device = usage_of(instance.name());
    REQUIRE(device);
    CHECK(device->allocations + device->lost_allocations == 2 * kSent);
    CHECK(device->lost_allocations == lost);
    CHECK(device->exact == 0);
    CHECK(collector_of(instance.name()).lost_allocations[TIDEMARK_LOSS_FULL] == lost);
    CHECK(collector_of(instance.name()).lost_bytes[TIDEMARK_LOSS_FULL] == 10 * lost);
}
