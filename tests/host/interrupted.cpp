// SPDX-License-Identifier: Apache-2.0
//
// A signal at every store of the recording of an event: the program is stopped there, gets the signal, and goes on. Whatever
// the handler does, each event is in a lane once, in order, or counted; and the program ends as it should. With the
// producer library, and with the malloc tracker in front of it.
#include <doctest/doctest.h>
#include <signal.h>

#include <cstdio>

#include "process/producer_rings.hpp"

using namespace tidemark;
using test::Instance;
using test::RingView;

namespace {

constexpr std::uint64_t kEvents = 3000;
constexpr std::uint64_t kFromHandler = std::uint64_t{1} << 40;

struct Point {
    const char* name;
    int count;
};

// The ring is made, a lane is claimed, grows at its 256th and 1,281st record, and holds all of the rest.
constexpr Point kPoints[] = {
    {"create.header", 1},   {"create.publish", 1},   {"bell.bytes", 1},    {"claim.first", 1},
    {"claim.handler", 1},   {"claim.used", 1},       {"append.record", 1}, {"append.record", 2},
    {"append.record", 700}, {"append.record", 2999}, {"append.head", 1},   {"append.head", 2},
    {"append.head", 700},   {"append.head", 2999},   {"link.record", 1},   {"link.record", 2},
    {"link.head", 1},       {"link.head", 2},
};

struct Played {
    bool stopped;
    bool ended_well;
};

Played play(const Instance& instance, const std::string& action, const Point& point,
            test::Environment more) {
    more["TIDEMARK_KILL_POINT"] =
        std::string(point.name) + ":" + std::to_string(point.count) + ":stop";
    const pid_t pid =
        test::start_program({test::in_bin("host/interrupted_cpp"), action}, instance.name(), more);
    int status = 0;
    Played played{};
    while (waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status)) {
        played.stopped = true;
        kill(pid, SIGUSR1);
        kill(pid, SIGCONT);
    }
    played.ended_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return played;
}

struct Counted {
    std::uint64_t own = 0, handlers = 0;
    bool in_order = true;
};

// Of the program's buffers; the tracker's own events are of another device.
Counted count(const RingView& ring) {
    Counted counted;
    for (const auto& lane : ring.lanes) {
        std::uint64_t last = 0;
        for (const shm::Event& event : lane) {
            if (event.device != 1 || event.operation() != shm::Operation::kAllocation) continue;
            if (event.id >= kFromHandler) {
                ++counted.handlers;
                continue;
            }
            counted.in_order = counted.in_order && event.id > last;
            last = event.id;
            ++counted.own;
        }
    }
    return counted;
}

void check_parent(const RingView& ring, const std::string& action) {
    const Counted counted = count(ring);
    CHECK(ring.faults == 0);
    CHECK(ring.lost() == 0);
    CHECK(counted.in_order);
    CHECK(counted.handlers == (action == "vfork" ? 2 : 1));
    CHECK(counted.own <= kEvents);
    CHECK(counted.own >= kEvents - (action == "jump" ? 1 : 0));
}

// Its events begin in the middle, behind the one that its parent was reporting.
void check_child(const RingView& ring, const RingView& parent) {
    const Counted counted = count(ring);
    CHECK(ring.faults == 0);
    CHECK(ring.lost() == 0);
    CHECK(counted.in_order);
    CHECK(counted.handlers == 0);
    CHECK(counted.own <= kEvents);
    CHECK(ring.header.parent_image == parent.header.image);
}

void check_rings(const Instance& instance, const std::string& action) {
    const auto rings = instance.rings();
    const RingView* parent = nullptr;
    for (const RingView& ring : rings)
        if (ring.header.parent_image == 0) parent = &ring;
    REQUIRE(parent != nullptr);
    check_parent(*parent, action);
    for (const RingView& ring : rings)
        if (&ring != parent) check_child(ring, *parent);
    const bool copies = action == "fork" || action == "_Fork" || action == "clone";
    CHECK(rings.size() <= (copies ? 2 : 1));
}

// Under the tracker the first events come before main(), when there is no handler yet.
bool is_late(const Point& point) {
    return point.count > 2 || std::string(point.name).rfind("link.", 0) == 0;
}

int interrupt_everywhere(const std::vector<std::string>& actions, const test::Environment& more) {
    int cases = 0;
    for (const std::string& action : actions)
        for (const Point& point : kPoints) {
            if (!more.empty() && !is_late(point)) continue;
            CAPTURE(action);
            CAPTURE(std::string(point.name));
            CAPTURE(point.count);
            const Instance instance;
            const Played played = play(instance, action, point, more);
            CHECK(played.stopped);
            CHECK(played.ended_well);
            check_rings(instance, action);
            ++cases;
        }
    return cases;
}

}  // namespace

TEST_CASE(
    "a handler that reports, jumps or forks at any store of an append: nothing lost, nobody "
    "harmed") {
    const int cases = interrupt_everywhere({"return", "jump", "fork", "vfork"}, {});
    std::printf("%d interruptions\n", cases);
}

#ifdef TIDEMARK_TEST_TRACKER
TEST_CASE("under the malloc tracker also children that libc's fork handlers know nothing of") {
    const test::Environment tracker{{"LD_PRELOAD", TIDEMARK_TEST_TRACKER}};
    const int cases =
        interrupt_everywhere({"return", "jump", "fork", "vfork", "_Fork", "clone"}, tracker);
    std::printf("%d interruptions under the tracker\n", cases);
}
#endif
