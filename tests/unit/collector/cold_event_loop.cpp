// SPDX-License-Identifier: Apache-2.0
//
// The event loop: tasks from other threads, timers, and descriptors that are removed while their events wait.
#include <doctest/doctest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "collector/event_loop.hpp"

namespace tidemark::collector {
namespace {

using std::chrono::milliseconds;

struct OpenLoop : EventLoop {
    OpenLoop() {
        std::string error;
        REQUIRE_MESSAGE(open(error), error);
    }
};

TEST_CASE("tasks of several threads all run on the loop's thread, each thread's in its order") {
    OpenLoop loop;
    constexpr int kThreads = 4;
    constexpr int kTasks = 5000;
    std::vector<int> next(kThreads, 0);
    int done = 0;
    bool ordered = true;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kTasks; ++i) {
                loop.post([&, t, i] {
                    ordered = ordered && next[static_cast<std::size_t>(t)]++ == i;
                    if (++done == kThreads * kTasks) loop.stop();
                });
            }
        });
    }
    loop.run();
    for (std::thread& thread : threads)
        thread.join();
    CHECK(ordered);
    CHECK(done == kThreads * kTasks);
}

TEST_CASE("timers run in the order of their times; a cancelled one does not") {
    OpenLoop loop;
    std::string order;
    loop.after(milliseconds(20), [&] { order += 'c'; });
    loop.after(milliseconds(0), [&] { order += 'a'; });
    const EventLoop::Timer cancelled = loop.after(milliseconds(5), [&] { order += 'X'; });
    loop.after(milliseconds(1), [&] {
        order += 'b';
        loop.cancel(cancelled);
    });
    loop.after(milliseconds(30), [&] { loop.stop(); });
    loop.run();
    CHECK(order == "abc");
}

TEST_CASE("an event of a removed descriptor does not reach its successor") {
    OpenLoop loop;
    int first[2];
    int second[2];
    REQUIRE(pipe(first) == 0);
    REQUIRE(pipe(second) == 0);
    int calls = 0;
    int wrong = 0;
    // Whichever is told first removes the other, and gives its number to a pipe that has nothing to say.
    const auto handler = [&](int own, int other) {
        return [&, own, other](std::uint32_t) {
            ++calls;
            loop.remove(own);
            loop.remove(other);
            int quiet[2];
            REQUIRE(pipe(quiet) == 0);
            REQUIRE(dup2(quiet[0], other) == other);
            CHECK(loop.add(other, EPOLLIN, [&](std::uint32_t) { ++wrong; }));
            loop.stop();
        };
    };
    CHECK(loop.add(first[0], EPOLLIN, handler(first[0], second[0])));
    CHECK(loop.add(second[0], EPOLLIN, handler(second[0], first[0])));
    CHECK(write(first[1], "x", 1) == 1);
    CHECK(write(second[1], "x", 1) == 1);
    loop.run();
    CHECK(calls == 1);
    CHECK(wrong == 0);
}

TEST_CASE("a handler may remove itself") {
    OpenLoop loop;
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    std::string seen;
    CHECK(loop.add(ends[0], EPOLLIN,
                   [&loop, &seen, text = std::string(100, 'x'), fd = ends[0]](std::uint32_t) {
                       loop.remove(fd);
                       seen = text;
                       loop.stop();
                   }));
    CHECK(write(ends[1], "x", 1) == 1);
    loop.run();
    CHECK(seen == std::string(100, 'x'));
}

}  // namespace
}  // namespace tidemark::collector
