// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "collector/drain/fair_share.hpp"
#include "tests/unit/collector/drain_harness.hpp"

namespace tidemark::test {
namespace {

using collector::FairShare;

constexpr std::uint32_t kMost = 4096;
constexpr std::uint64_t kWait = FairShare::kLongestWait_ns;

TEST_CASE("who waited too long for his turn has the next one the sooner, since all take less") {
    FairShare share(kMost);
    CHECK(share.events() == kMost);
    share.waited(kWait);
    CHECK(share.events() == kMost);
    share.waited(4 * kWait);
    CHECK(share.events() == kMost / 4);
    share.waited(2 * kWait);
    CHECK(share.events() == kMost / 8);
    share.waited(3 * kWait / 4);
    CHECK(share.events() == kMost / 8);
}

TEST_CASE(
    "a share falls to no less than its least, and grows to its most again while nobody waits "
    "long") {
    FairShare share(kMost);
    share.waited(UINT64_MAX);
    CHECK(share.events() == FairShare::kFewest);
    for (std::uint32_t expected = 2 * FairShare::kFewest; expected < kMost; expected *= 2) {
        share.waited(0);
        CHECK(share.events() == expected);
    }
    for (int i = 0; i < 3; ++i)
        share.waited(0);
    CHECK(share.events() == kMost);
}

TEST_CASE("after a pass that took long, full rings are drained in more and shorter turns") {
    constexpr std::uint64_t kHeld_ns = 4 * kWait;
    constexpr std::uint32_t kLanes = 16;
    constexpr std::uint64_t kEach = kLanes * 512;  // two shares, and all that the lanes hold
    RunningCore core(unique_instance());
    std::optional<HandRing> first, second;
    const std::uint64_t passes = core.collector().passes;
    core.ask([&](collector::Core& c) {
        for (std::optional<HandRing>* ring : {&first, &second}) {
            ring->emplace(core.configuration.instance, kLanes);
            for (std::uint64_t i = 0; i < kEach; ++i)
                (*ring)->allocate(static_cast<std::uint32_t>(2 * (i % kLanes)), i, 1);
        }
        core.sink.on_allocation = [until = std::uint64_t{0}]() mutable {
            if (until == 0) until = shm::monotonic_ns() + kHeld_ns;
            while (shm::monotonic_ns() < until) {
            }
        };
        c.rescan();
    });
    while (core.collector().events < 2 * kEach)
        std::this_thread::yield();
    CHECK(core.usage(0)->current == 2 * kEach);
    // Of each: a whole share while the clock was held, then a quarter, half, and what is left.
    CHECK(core.collector().passes - passes >= 4);
}

}  // namespace
}  // namespace tidemark::test
