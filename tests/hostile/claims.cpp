// SPDX-License-Identifier: Apache-2.0
//
// Root's collector and the ring of a user who says that it is somebody else's. Needs root, to give the ring away.
#include "tests/hostile/hostile_world.hpp"
#include "tests/privilege.hpp"

using namespace tidemark;
using namespace tidemark::test;

namespace {

constexpr std::uint32_t kUser = 64'321;

void give_away(HostileRing& ring, std::uint32_t user = kUser) {
    if (chown(ring.path().c_str(), user, user) != 0) std::perror("chown");
}

// As the ring of a process that is gone.
void give_away_as(HostileRing& ring, std::uint32_t user) {
    const pid_t gone = fork();
    if (gone == 0) _exit(0);
    wait_until_ended(gone);
    ring.header().uid = user;
    ring.header().pid = gone;
    give_away(ring, user);
}

void remove_bell(std::uint32_t user) {
    unlink(("/dev/shm/tidemark.bell." + std::to_string(user)).c_str());
}

}  // namespace

TEST_CASE("a ring that claims another user is refused by name") {
    require_root();
    HostileWorld world;
    HostileRing ring(world.instance.name());
    give_away(ring);
    ring.appear();
    CHECK(comes_true([&] { return world.collector.has_said("it claims another user"); }));
    CHECK(world.collector.has_said(ring.name));
    CHECK_FALSE(world.process(ring.image));
    CHECK(world.honest_differences() == "");
}

TEST_CASE("a ring that claims another user's process is refused by name") {
    require_root();
    HostileWorld world;
    HostileRing ring(world.instance.name());
    ring.header().uid = kUser;
    ring.header().pid = world.honest.pid();
    give_away(ring);
    ring.appear();
    CHECK(comes_true([&] {
        return world.collector.has_said("uid 64321 says that it is of process " +
                                        std::to_string(world.honest.pid()));
    }));
    CHECK_FALSE(world.process(ring.image));
    CHECK(comes_true([&] { return world.row().rings_refused == 1; }));
    CHECK(world.honest_differences() == "");
}

TEST_CASE("a user's ring of a process that is gone is drained") {
    require_root();
    HostileWorld world;
    HostileRing ring(world.instance.name());
    give_away_as(ring, kUser);
    ring.appear();
    ring.work(10);
    CHECK(world.is_drained(ring.image, 10));
    CHECK(world.honest_differences() == "");
    remove_bell(kUser);
}

TEST_CASE("who takes the name of a ring that is gone does not go on with its user's account") {
    require_root();
    HostileWorld world;
    std::uint64_t image = 0;
    {
        HostileRing ring(world.instance.name());
        image = ring.image;
        give_away_as(ring, kUser);
        ring.appear();
        ring.work(10);
        REQUIRE(world.is_drained(image, 10));
        world.collector.kill();
    }
    HostileRing thief(world.instance.name(), 1, 512, image);
    give_away_as(thief, kUser + 1);
    thief.work(20);
    world.collector.start_again();
    CHECK(comes_true([&] { return world.collector.has_said("its image is of uid 64321"); }));
    REQUIRE(world.is_drained(image, 10));
    CHECK(world.process(image)->events == 10);
    CHECK(world.process(image)->uid == kUser);
    CHECK(world.honest_differences() == "");
    remove_bell(kUser);
    remove_bell(kUser + 1);
}
