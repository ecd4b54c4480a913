// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "collector/drain/fair_share.hpp"
#include "tests/unit/collector/drain_harness.hpp"

namespace tidemark::test {
namespace {

using collector::FairShare;
using collector::Image;

constexpr std::uint32_t kMost = 4096;
constexpr std::uint64_t kWait = FairShare::kLongestWait_ns;

// Turns of images by a clock that only these tests move.
class Turns {
public:
    Turns() {
        for (std::uint64_t i = 0; i < std::size(images); ++i)
            images[i].identity.image = i + 1;
    }
    // So long after the last one. What an image may take.
    std::uint32_t operator()(std::uint64_t later_ns, const std::vector<Image*>& with_news,
                             std::uint64_t stopped_before = 0) {
        now_ns += later_ns;
        const std::uint32_t events = share.begin_turn(with_news, now_ns);
        share.end_turn(with_news, stopped_before);
        return events;
    }

    Image images[3];
    Image* const a = &images[0];
    Image* const b = &images[1];
    Image* const c = &images[2];
    FairShare share{kMost};
    std::uint64_t now_ns = 1'000'000'000'000;
};

TEST_CASE("who waited too long for his turn has the next one the sooner, since all take less") {
    Turns turn;
    CHECK(turn(0, {turn.a, turn.b}) == kMost);
    CHECK(turn(kWait, {turn.a, turn.b}) == kMost);
    CHECK(turn(4 * kWait, {turn.a, turn.b}) == kMost / 4);
    CHECK(turn(2 * kWait, {turn.a, turn.b}) == kMost / 8);
    CHECK(turn(3 * kWait / 4, {turn.a, turn.b}) == kMost / 8);
}

TEST_CASE("a wait goes on over the turns that did not come to an image") {
    Turns turn;
    const std::vector<Image*> all = {turn.a, turn.b, turn.c};
    turn(0, all, turn.b->identity.image);
    CHECK(turn(kWait / 2, all, turn.c->identity.image) == kMost);
    CHECK(turn(kWait / 2, all, turn.c->identity.image) == kMost);
    CHECK(turn(kWait, all) == kMost / 2);  // the third's, since the first turn
    CHECK(turn(3 * kWait / 4, all) == kMost / 2);
}

TEST_CASE(
    "a share falls to no less than its least, and grows to its most again while nobody waits") {
    Turns turn;
    turn(0, {turn.a});
    CHECK(turn(std::uint64_t{1} << 62, {turn.a}) == FairShare::kFewest);
    for (std::uint32_t expected = 2 * FairShare::kFewest; expected < kMost; expected *= 2)
        CHECK(turn(1, {turn.a}) == expected);
    for (int i = 0; i < 3; ++i)
        CHECK(turn(1, {turn.a}) == kMost);
}

TEST_CASE(
    "who has news now and then beside busy ones waited since the last turn, not since his last "
    "event") {
    Turns turn;
    turn(0, {turn.a, turn.b});
    for (int i = 0; i < 100; ++i)
        CHECK(turn(kWait / 4, {turn.a}) == kMost);
    CHECK(turn(kWait / 4, {turn.a, turn.b}) == kMost);
    CHECK(turn(kWait / 4, {turn.c, turn.a}) == kMost);
}

TEST_CASE("while the collector rests nobody waits") {
    Turns turn;
    turn(0, {turn.a, turn.b}, turn.b->identity.image);
    turn.share.rested();
    CHECK(turn(100 * kWait, {turn.a, turn.b}) == kMost);
    CHECK(turn(2 * kWait, {turn.a, turn.b}) == kMost / 2);
}

TEST_CASE("after a turn that took long, full rings are drained in more and shorter ones") {
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
