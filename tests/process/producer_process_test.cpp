// SPDX-License-Identifier: Apache-2.0
//
// What fork, exec, exit, sandboxes and limits do to rings, seen from outside.
#include <doctest/doctest.h>
#include <signal.h>

#include "producer_rings.hpp"

using namespace tidemark;
using test::Ended;
using test::Instance;
using test::RingView;

namespace {

Ended play(const Instance& instance, const std::vector<std::string>& scene,
           const test::Environment& more = {}) {
    std::vector<std::string> arguments{test::in_bin("producer_subject")};
    arguments.insert(arguments.end(), scene.begin(), scene.end());
    return test::run_program(arguments, instance.name(), more);
}

const RingView* child_of(const std::vector<RingView>& rings, const RingView& parent) {
    for (const RingView& ring : rings)
        if (ring.header.parent_image == parent.header.image) return &ring;
    return nullptr;
}

}  // namespace

TEST_CASE("what a program recorded stays after it ended, by return or in exit handlers") {
    const Instance instance;
    CHECK(play(instance, {"plain", "100"}).exited_with(0));
    auto rings = instance.rings();
    REQUIRE(rings.size() == 1);
    CHECK(rings[0].allocations() == 100);
    CHECK(rings[0].lost() == 0);
    CHECK(rings[0].faults == 0);
    CHECK(rings[0].header.membarrier == 1);
    CHECK(rings[0].header.poll_me == 0);
    CHECK_FALSE(test::producer_lock_is_held(rings[0].name));

    instance.remove();
    CHECK(play(instance, {"records_at_exit"}).exited_with(0));
    rings = instance.rings();
    REQUIRE(rings.size() == 1);
    CHECK(rings[0].allocations() == 6);
}

TEST_CASE("each fork child has a ring of its own, which names its parent's") {
    const Instance instance;
    const Ended ended = play(instance, {"forks"});
    CHECK(ended.exited_with(0));
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 3);
    const RingView* parent = test::ring_of(rings, ended.pid);
    REQUIRE(parent != nullptr);
    CHECK(parent->allocations() == 15);
    CHECK(parent->header.parent_image == 0);
    const RingView* child = child_of(rings, *parent);
    REQUIRE(child != nullptr);
    CHECK(child->allocations() == 20);
    CHECK(child->frees() == 1);
    CHECK(child->header.parent_pid == ended.pid);
    const RingView* grandchild = child_of(rings, *child);
    REQUIRE(grandchild != nullptr);
    CHECK(grandchild->allocations() == 30);
    for (const RingView& ring : rings)
        CHECK(ring.lost() == 0);
}

TEST_CASE("a grandchild names the nearest ancestor that has a ring") {
    const Instance instance;
    const Ended ended = play(instance, {"forks_twice_silently"});
    CHECK(ended.exited_with(0));
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 2);
    const RingView* parent = test::ring_of(rings, ended.pid);
    REQUIRE(parent != nullptr);
    const RingView* grandchild = child_of(rings, *parent);
    REQUIRE(grandchild != nullptr);
    CHECK(grandchild->allocations() == 2);
}

TEST_CASE("forks among threads that make lanes: every child starts clean") {
    const Instance instance;
    const Ended ended = play(instance, {"forks_among_threads"});
    CHECK(ended.exited_with(0));
    const auto rings = instance.rings();
    CHECK(rings.size() == 51);
    for (const RingView& ring : rings) {
        CHECK(ring.faults == 0);
        if (ring.header.pid == ended.pid) continue;
        CHECK(ring.allocations() == 20);
        CHECK(ring.lost() == 0);
        CHECK(ring.header.lanes_used == 1);
        // Nobody else holds what the child locked: no descriptor leaked into another child.
        CHECK_FALSE(test::producer_lock_is_held(ring.name));
    }
}

#ifndef __SANITIZE_THREAD__  // which makes a fork of each vfork
TEST_CASE("a vfork child writes its parent's ring") {
    const Instance instance;
    CHECK(play(instance, {"vforks"}).exited_with(0));
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 1);
    CHECK(rings[0].allocations() == 22);
    CHECK(rings[0].lost() == 0);
}

TEST_CASE("a vfork child claims no lane in its own name") {
    const Instance instance;
    CHECK(play(instance, {"vforks_in_new_thread"}).exited_with(0));
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 1);
    CHECK(rings[0].allocations() == 7);
    CHECK(rings[0].lost(TIDEMARK_LOSS_NO_LANE) == 3);
    CHECK(rings[0].lost() == 3);
    CHECK(rings[0].gaps() == 1);
}
#endif

TEST_CASE("a raw clone is noticed, though no handler of libc's runs") {
    const Instance instance;
    const Ended ended = play(instance, {"clones"});
    CHECK(ended.exited_with(0));
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 2);
    const RingView* parent = test::ring_of(rings, ended.pid);
    REQUIRE(parent != nullptr);
    CHECK(parent->allocations() == 15);
    const RingView* child = child_of(rings, *parent);
    REQUIRE(child != nullptr);
    CHECK(child->allocations() == 20);
}

TEST_CASE("exec in place ends one image and begins another under the same pid") {
    const Instance instance;
    const Ended ended = play(instance, {"executes_itself"});
    CHECK(ended.exited_with(0));
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 2);
    CHECK(rings[0].header.pid == rings[1].header.pid);
    CHECK(rings[0].header.start_ticks == rings[1].header.start_ticks);
    CHECK(rings[0].header.image != rings[1].header.image);
    CHECK(rings[0].allocations() + rings[1].allocations() == 17);
    for (const RingView& ring : rings)
        CHECK(ring.header.parent_image == 0);
}

TEST_CASE("the lock lives as long as the image, whatever it closes, and not longer") {
    const Instance instance;
    const int pid = test::start_program({test::in_bin("producer_subject"), "closes_everything"},
                                        instance.name());
    int status = 0;
    REQUIRE(waitpid(pid, &status, WUNTRACED) == pid);
    REQUIRE(WIFSTOPPED(status));
    auto rings = instance.rings();
    REQUIRE(rings.size() == 1);
    CHECK(rings[0].allocations() == 15);
    CHECK(test::producer_lock_is_held(rings[0].name));
    kill(pid, SIGCONT);
    CHECK(test::wait_for(pid).exited_with(0));
    CHECK_FALSE(test::producer_lock_is_held(rings[0].name));
    CHECK(instance.rings()[0].allocations() == 16);
}

TEST_CASE("a child that lives on does not hold its dead parent's lock") {
    const Instance instance;
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    REQUIRE(fcntl(ends[0], F_SETFD, 0) == 0);
    CHECK(play(instance, {"leaves_a_child", std::to_string(ends[0])}).exited_with(0));
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 1);
    CHECK_FALSE(test::producer_lock_is_held(rings[0].name));
    close(ends[1]);
    close(ends[0]);
}

TEST_CASE("a daemon that closed everything goes on recording") {
    const Instance instance;
    CHECK(play(instance, {"becomes_a_daemon"}).exited_with(0));
    const auto arrived = [&] {
        std::uint64_t sum = 0;
        for (const RingView& ring : instance.rings())
            sum += ring.allocations();
        return sum == 7;
    };
    CHECK(test::until(arrived));
}

TEST_CASE("errno is the program's: through creation, growth, a full ring and questions") {
    const Instance instance;
    CHECK(play(instance, {"keeps_errno"}).exited_with(0));
}

TEST_CASE("a full ring without a collector: the oldest are kept, the rest is counted exactly") {
    for (const char* policy : {"block", "drop"}) {
        const Instance instance;
        CAPTURE(policy);
        CHECK(play(instance, {"plain", "100000"}, {{"TIDEMARK_POLICY", policy}}).exited_with(0));
        const auto rings = instance.rings();
        REQUIRE(rings.size() == 1);
        const bool drop = std::string(policy) == "drop";
        CHECK(rings[0].header.policy == (drop ? 1 : 0));
        // Of the first two blocks half, of the third all but its link. The largest is for those who would wait.
        CHECK(rings[0].allocations() == 256 + 1024 + 8191 + shm::kGrowthEvents[2]);
        CHECK(rings[0].allocations() + rings[0].lost() == 100'000);
        CHECK(rings[0].lost() ==
              rings[0].lost(drop ? TIDEMARK_LOSS_FULL : TIDEMARK_LOSS_NO_COLLECTOR));
        CHECK(rings[0].faults == 0);
        std::uint64_t next = 1;
        std::uint64_t bytes = 0;
        for (const shm::Event& event : rings[0].lanes[0]) {
            CHECK(event.id == next);
            ++next;
        }
        for (; next <= 100'000; ++next)
            bytes += next & 0xFFFF;
        std::uint64_t lost_bytes = 0;
        for (const auto& counter : rings[0].header.loss)
            lost_bytes += counter.bytes;
        CHECK(lost_bytes == bytes);
    }
}

TEST_CASE("the budget bounds the ring, and growth takes no more than half of it") {
    const Instance instance;
    CHECK(play(instance, {"plain", "100000"}, {{"TIDEMARK_RING_BUDGET", "1M"}}).exited_with(0));
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 1);
    CHECK(rings[0].header.object_size == 1 << 20);
    CHECK(rings[0].allocations() > 8000);
    CHECK(rings[0].allocations() < 16'000);
    CHECK(rings[0].allocations() + rings[0].lost() == 100'000);
}

TEST_CASE("tracking that is off makes nothing and counts nothing") {
    const Instance instance;
    CHECK(play(instance, {"is_disabled"}, {{"TIDEMARK_ENABLED", ""}}).exited_with(0));
    CHECK(play(instance, {"is_disabled"}, {{"TIDEMARK_ENABLED", "0"}}).exited_with(0));
    CHECK(instance.rings().empty());
    const test::Environment older{{"TIDEMARK_ENABLED", ""}, {"TT_ALLOC_TRACKING_ENABLED", "1"}};
    CHECK(play(instance, {"plain", "1"}, older).exited_with(0));
    CHECK(instance.rings().size() == 1);
}

TEST_CASE(
    "no file may be made: the program runs on, losses wait in private memory and are told later") {
    const Instance instance;
    CHECK(play(instance, {"has_no_file_size"}).exited_with(0));
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 1);
    const std::uint64_t lost = rings[0].lost(TIDEMARK_LOSS_NO_SPACE);
    CHECK(lost >= 10);
    CHECK(rings[0].lost() == lost);
    REQUIRE(rings[0].lanes[0].size() >= 2);
    const shm::Event& gap = rings[0].lanes[0][0];
    CHECK(gap.operation() == shm::Operation::kGap);
    CHECK(gap.id == lost << 32);
    CHECK(rings[0].lanes[0][1].id == lost + 1);
}

TEST_CASE("small files only: a smaller ring") {
    const Instance instance;
    CHECK(play(instance, {"has_little_file_size"}).exited_with(0));
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 1);
    CHECK(rings[0].header.object_size == 2 << 20);
    CHECK(rings[0].allocations() == 10);
}

TEST_CASE(
    "behind a system call filter no new kind of call is made, and every event is kept or counted") {
    const Instance instance;
    CHECK(play(instance, {"enters_a_filter"}).exited_with(0));
    auto rings = instance.rings();
    REQUIRE(rings.size() == 1);
    CHECK(rings[0].header.poll_me == 2);
    CHECK(rings[0].allocations() > 16'000);  // it grew beforehand
    CHECK(rings[0].allocations() + rings[0].lost(TIDEMARK_LOSS_SANDBOX) == 40'010);
    CHECK(rings[0].faults == 0);

    instance.remove();
    CHECK(play(instance, {"enters_a_filter_first"}).exited_with(0));
    rings = instance.rings();
    REQUIRE(rings.size() == 1);
    CHECK(rings[0].allocations() == 100);
}

#ifndef __SANITIZE_THREAD__  // which makes system calls of its own, and a fork of each vfork
TEST_CASE("where time can't be told, events end and are counted") {
    for (const char* scene : {"enters_strict_mode", "forbids_the_counter"}) {
        const Instance instance;
        CAPTURE(scene);
        const Ended ended = play(instance, {scene});
        CHECK(ended.exited_with(0));
        const auto rings = instance.rings();
        REQUIRE(rings.size() == 1);
        CHECK(rings[0].allocations() == 10);
        CHECK(rings[0].lost(TIDEMARK_LOSS_SANDBOX) == 1000);
    }
}

TEST_CASE("a vfork child enters its sandbox alone") {
    const Instance instance;
    CHECK(play(instance, {"vforks_into_a_sandbox"}).exited_with(0));
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 1);
    CHECK(rings[0].allocations() == 3);
    CHECK(rings[0].header.poll_me == 0);
}
#endif
