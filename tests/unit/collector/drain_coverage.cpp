// SPDX-License-Identifier: Apache-2.0
//
// What both a socket and a ring tell counts once, and only a process's own ring takes a socket's word from it.
#include "tests/unit/collector/drain_harness.hpp"

using namespace tidemark::test;

TEST_CASE("a ring that claims another user's process hides nothing of what that one tells") {
    if (geteuid() != 0) return;  // only root's collector has rings of several users
    const std::string instance = unique_instance();
    RunningCore running(instance);
    HandRing told(instance), stranger(instance);
    told.header().origin = TIDEMARK_ORIGIN_SOCKET;
    stranger.header().start_ticks = told.header().start_ticks;
    stranger.header().uid = 65534;
    REQUIRE(chown(("/dev/shm/" + stranger.name).c_str(), 65534, static_cast<gid_t>(-1)) == 0);
    told.allocate(0, 1, 100);
    running.flush();
    stranger.allocate(0, 1, 1);
    running.flush();
    CHECK_FALSE(running.process(stranger.image));  // refused
    CHECK(running.usage(0)->current == 100);
}
