// SPDX-License-Identifier: Apache-2.0
//
// Root's collector and the ring of a user who says that it is somebody else's. Needs root, to give the ring away.
#include "tests/hostile/hostile_world.hpp"
#include "tests/privilege.hpp"

using namespace tidemark;
using namespace tidemark::test;

namespace {

constexpr std::uint32_t kUser = 64'321;

void give_away(const HostileRing& ring) {
    if (chown(ring.path().c_str(), kUser, kUser) != 0) std::perror("chown");
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
    const pid_t gone = fork();
    if (gone == 0) _exit(0);
    wait_until_ended(gone);
    HostileRing ring(world.instance.name());
    ring.header().uid = kUser;
    ring.header().pid = gone;
    give_away(ring);
    ring.appear();
    ring.work(10);
    CHECK(world.is_drained(ring.image, 10));
    CHECK(world.honest_differences() == "");
    unlink(("/dev/shm/tidemark.bell." + std::to_string(kUser)).c_str());
}
