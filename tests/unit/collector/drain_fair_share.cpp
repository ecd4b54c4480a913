// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <deque>

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
    static constexpr std::size_t kImages = 32;

    Turns() {
        for (std::uint64_t i = 0; i < kImages; ++i) {
            images[i].identity.image = i + 1;
            all.push_back(&images[i]);
        }
        crowd.assign(all.begin() + 2, all.end());
    }
    // So long after the last one. What an image may take.
    std::uint32_t operator()(std::uint64_t later_ns, const std::vector<Image*>& with_news,
                             std::uint64_t stopped_before = 0) {
        now_ns += later_ns;
        const std::uint32_t events = share.begin_turn(with_news, now_ns);
        share.end_turn(with_news, stopped_before);
        return events;
    }

    Image images[kImages];
    std::vector<Image*> all;    // 32
    std::vector<Image*> crowd;  // but for two of them
    FairShare share{kMost};
    std::uint64_t now_ns = 1'000'000'000'000;
};

constexpr std::uint32_t kFewestOf32 = FairShare::kShortestTurn / 32;

TEST_CASE("who waited too long for his turn has the next one the sooner, since all take less") {
    Turns turn;
    CHECK(turn(0, turn.all) == kMost);
    CHECK(turn(kWait, turn.all) == kMost);
    CHECK(turn(2 * kWait, turn.all) == kMost / 2);
    CHECK(turn(2 * kWait, turn.all) == kMost / 4);
    CHECK(turn(3 * kWait / 4, turn.all) == kMost / 4);
}

TEST_CASE("a wait goes on over the turns that did not come to an image") {
    Turns turn;
    const std::uint64_t second = turn.all[1]->identity.image, third = second + 1;
    turn(0, turn.all, second);
    CHECK(turn(kWait / 2, turn.all, third) == kMost);
    CHECK(turn(kWait / 2, turn.all, third) == kMost);
    CHECK(turn(kWait, turn.all) == kMost / 2);  // the third's, since the first turn
    CHECK(turn(3 * kWait / 4, turn.all) == kMost / 2);
}

TEST_CASE(
    "a share falls to what makes turns of a millisecond, and grows again while nobody waits") {
    Turns turn;
    turn(0, turn.all);
    CHECK(turn(std::uint64_t{1} << 62, turn.all) == kFewestOf32);
    for (std::uint32_t expected = 2 * kFewestOf32; expected < kMost; expected *= 2)
        CHECK(turn(1, turn.all) == expected);
    for (int i = 0; i < 3; ++i)
        CHECK(turn(1, turn.all) == kMost);
}

TEST_CASE("of many thousand images each may take a few events") {
    std::vector<Image> images(10'000);
    std::vector<Image*> all;
    for (Image& image : images)
        all.push_back(&image);
    FairShare share(kMost);
    share.begin_turn(all, 1);
    CHECK(share.begin_turn(all, 1 + 1000 * kWait) == FairShare::kFewest);
}

TEST_CASE(
    "few images keep their whole share however long they wait: for a processor, not each other") {
    Turns turn;
    turn(0, {turn.all[0]});
    CHECK(turn(1000 * kWait, {turn.all[0]}) == kMost);
    CHECK(turn(1000 * kWait, {turn.all[0], turn.all[1]}) == kMost);
}

TEST_CASE(
    "who has news now and then beside busy ones waited since the last turn, not since his last "
    "event") {
    Turns turn;
    turn(0, turn.all);
    for (int i = 0; i < 100; ++i)
        CHECK(turn(kWait / 4, turn.crowd) == kMost);
    CHECK(turn(kWait / 4, turn.all) == kMost);
}

TEST_CASE("while the collector rests nobody waits") {
    Turns turn;
    turn(0, turn.all, turn.all[1]->identity.image);
    turn.share.rested();
    CHECK(turn(100 * kWait, turn.all) == kMost);
    CHECK(turn(2 * kWait, turn.all) == kMost / 2);
}

TEST_CASE("after a turn that took long, full rings are drained in more and shorter ones") {
    constexpr std::uint64_t kHeld_ns = 8 * kWait;
    constexpr std::uint32_t kRings = 16, kLanes = 16;
    constexpr std::uint64_t kEach = kLanes * 512;  // two shares, and all that the lanes hold
    RunningCore core(unique_instance());
    std::deque<HandRing> rings;
    const std::uint64_t passes = core.collector().passes;
    core.ask([&](collector::Core& c) {
        for (std::uint32_t r = 0; r < kRings; ++r) {
            HandRing& ring = rings.emplace_back(core.configuration.instance, kLanes);
            for (std::uint64_t i = 0; i < kEach; ++i)
                ring.allocate(static_cast<std::uint32_t>(2 * (i % kLanes)), i, 1);
        }
        core.sink.on_allocation = [until = std::uint64_t{0}]() mutable {
            if (until == 0) until = shm::monotonic_ns() + kHeld_ns;
            while (shm::monotonic_ns() < until) {
            }
        };
        c.rescan();
    });
    while (core.collector().events < kRings * kEach)
        std::this_thread::yield();
    CHECK(core.usage(0)->current == kRings * kEach);
    // Of each: a whole share while the clock was held, then a quarter, a half, and what is left.
    CHECK(core.collector().passes - passes >= 4);
}

}  // namespace
}  // namespace tidemark::test
