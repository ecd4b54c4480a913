// SPDX-License-Identifier: Apache-2.0
//
// Which rings a turn looks at, on rings that nobody drains.
#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "collector/drain/rota.hpp"
#include "shm/bell_ring.hpp"
#include "tests/unit/collector/drain_harness.hpp"

using tidemark::collector::Image;
using tidemark::collector::Ring;
using tidemark::collector::Rota;
using tidemark::test::HandRing;
using tidemark::test::unique_instance;
namespace shm = tidemark::shm;

namespace {

struct Attached {
    explicit Attached(std::uint32_t uid = 0, bool can_tell = true) : hand(instance(), 1, 16) {
        hand.header().features_compatible = can_tell ? shm::kTellsNews : 0;
        hand.header().membarrier = 1;
        Ring::Refusal why{};
        std::string error;
        image.ring = Ring::attach(hand.name, instance(), why, error);
        INFO(error);
        REQUIRE(image.ring);
        image.ring->announce(7, 1);
        image.identity.uid = uid;
        image.identity.image = hand.image;
    }
    static const std::string& instance() {
        static const std::string name = unique_instance();
        return name;
    }
    std::uint32_t word() { return shm::consumer_word(hand.header()); }

    HandRing hand;
    Image image;
};

using Watched = std::vector<Image*>;

}  // namespace

TEST_CASE(
    "a ring is watched until it was quiet through a look, and again once its group tells of news") {
    Rota rota;
    Attached one;
    rota.add(one.image);
    CHECK(rota.watched() == Watched{&one.image});
    rota.quiet_down();
    CHECK(shm::is_quiet_word(one.word()));
    CHECK(shm::slot_of(one.word()) == 7);
    CHECK(rota.watched() == Watched{&one.image});  // the look after the barrier is still to come
    rota.drop_quiet();
    CHECK(rota.watched().empty());
    rota.watch_group(0, shm::group_of(one.word()));
    CHECK(rota.watched() == Watched{&one.image});
    CHECK(one.word() == 7);
}

TEST_CASE("a ring in which the look found news stays watched") {
    Rota rota;
    Attached one, two;
    rota.add(one.image);
    rota.add(two.image);
    rota.quiet_down();
    rota.watch(two.image);
    rota.drop_quiet();
    CHECK(rota.watched() == Watched{&two.image});
    CHECK(two.word() == 7);
    rota.quiet_down();
    rota.stay_awake();
    CHECK(rota.watched() == Watched{&two.image});
    CHECK(two.word() == 7);
}

TEST_CASE("a ring whose producer can't tell, or rings no bell, is always watched") {
    Rota rota;
    Attached cannot_tell(0, false), rings_none;
    rings_none.hand.header().poll_me = 1;
    rota.add(cannot_tell.image);
    rota.add(rings_none.image);
    rota.quiet_down();
    rota.drop_quiet();
    CHECK(rota.watched() == Watched{&cannot_tell.image, &rings_none.image});
    CHECK(rings_none.image.ring->must_be_polled());
    CHECK(cannot_tell.word() == 7);
}

TEST_CASE("a group wakes all its rings, of one user only") {
    Rota rota;
    std::vector<std::unique_ptr<Attached>> all;
    for (std::uint32_t i = 0; i < shm::kNewsGroups + 2; ++i) {
        all.push_back(std::make_unique<Attached>());
        rota.add(all.back()->image);
    }
    Attached other(1);
    rota.add(other.image);
    rota.quiet_down();
    rota.drop_quiet();
    CHECK(rota.watched().empty());
    const std::uint32_t group = shm::group_of(all[1]->word());
    rota.watch_group(0, group);
    CHECK(rota.watched() == Watched{&all[1]->image, &all[shm::kNewsGroups + 1]->image});
    rota.watch_group(5, group);  // nobody's
    CHECK(rota.watched().size() == 2);
    for (const auto& one : all)
        rota.remove(one->image);
    CHECK(rota.watched().empty());
    rota.watch_group(0, group);
    CHECK(rota.watched().empty());
    rota.remove(other.image);
}

TEST_CASE("who was not come to is first in the next turn, and twice added is once there") {
    Rota rota;
    Attached a, b, c;
    for (Attached* one : {&a, &b, &c, &b})
        rota.add(one->image);
    rota.begin_with(b.hand.image);
    CHECK(rota.watched() == Watched{&b.image, &c.image, &a.image});
    rota.begin_with(0);
    CHECK(rota.watched() == Watched{&b.image, &c.image, &a.image});
    rota.remove(c.image);
    rota.remove(c.image);
    CHECK(rota.watched() == Watched{&b.image, &a.image});
}

TEST_CASE(
    "a ring that must be polled since it was told to be quiet stays watched, its word plain") {
    Rota rota;
    Attached one;
    rota.add(one.image);
    rota.quiet_down();
    one.hand.header().poll_me = 2;
    rota.drop_quiet();
    CHECK(rota.watched() == Watched{&one.image});
    CHECK(one.word() == 7);
}

TEST_CASE(
    "who is found with news three times, and never told of any, is polled; who tells once is "
    "believed again") {
    Rota rota;
    Attached one;
    rota.add(one.image);
    const auto fall_quiet = [&] {
        rota.quiet_down();
        const std::uint32_t group = shm::group_of(one.word());
        rota.drop_quiet();
        return group;
    };
    for (int i = 0; i < 2; ++i)
        one.image.ring->found_untold();
    rota.watch_group(0, fall_quiet());
    for (int i = 0; i < 2; ++i)
        one.image.ring->found_untold();
    CHECK_FALSE(one.image.ring->must_be_polled());
    one.image.ring->found_untold();
    fall_quiet();
    CHECK(one.image.ring->must_be_polled());
    CHECK(rota.watched() == Watched{&one.image});
}
