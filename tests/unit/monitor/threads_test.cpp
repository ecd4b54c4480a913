// SPDX-License-Identifier: Apache-2.0
//
// The in-process monitor with many threads at once: exact sums, whole snapshots, forks in between.
#include <doctest/doctest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "tidemark/monitor.hpp"

using tidemark::Monitor;
using tidemark::Pool;

namespace {

constexpr int kThreads = 8;
constexpr std::uint64_t kRounds = 4000;

void run_threads(const std::function<void(std::uint64_t)>& body) {
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < kThreads; ++i)
        threads.emplace_back(body, i);
    for (std::thread& thread : threads)
        thread.join();
}

}  // namespace

TEST_CASE("eight threads on one device leave exact figures") {
    Monitor monitor;
    run_threads([&](std::uint64_t thread) {
        for (std::uint64_t i = 0; i < kRounds; ++i) {
            const std::uint64_t id = thread << 32 | i;
            monitor.track_allocation(0, static_cast<Pool>(i % 5), id, i);
            if (i % 3 != 0) monitor.track_deallocation(0, id);
        }
    });
    std::uint64_t bytes = 0, live = 0;
    for (std::uint64_t i = 0; i < kRounds; i += 3) {
        bytes += i * kThreads;
        live += kThreads;
    }
    const auto figures = monitor.query_device(0);
    std::uint64_t sum = 0;
    for (const std::uint64_t current : figures.current)
        sum += current;
    CHECK(sum == bytes);
    CHECK(figures.live == live);
    CHECK(figures.allocations == kThreads * kRounds);
    CHECK(figures.frees == kThreads * kRounds - live);
    CHECK(monitor.active_buffers(0).size() == live);
    CHECK(monitor.problems().unknown_frees == 0);
    CHECK(monitor.problems().duplicates == 0);
}

TEST_CASE("threads that fight over the same few ids never make a figure drift") {
    Monitor monitor;
    run_threads([&](std::uint64_t thread) {
        for (std::uint64_t i = 0; i < kRounds; ++i) {
            const std::uint64_t id = (i * 7 + thread) % 5;
            if ((i + thread) % 2 == 0)
                monitor.track_allocation(1, Pool::kL1, id, 1 + i % 100);
            else
                monitor.track_deallocation(1, id);
        }
    });
    std::uint64_t bytes = 0;
    const auto left = monitor.active_buffers(1);
    for (const auto& buffer : left)
        bytes += buffer.size;
    const auto l1 = monitor.query_pool(1, Pool::kL1);
    CHECK(l1.current == bytes);
    CHECK(l1.live == left.size());
    CHECK(l1.allocations == l1.live + l1.frees + l1.duplicates);
    CHECK(l1.frees + monitor.problems().unknown_frees == kThreads * kRounds / 2);
    CHECK(l1.peak >= l1.current);
    for (const auto& buffer : left)
        monitor.track_deallocation(1, buffer.id);
    CHECK(monitor.query_pool(1, Pool::kL1).current == 0);
}

TEST_CASE("a reader never sees half of an event") {
    Monitor monitor;
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> torn{0}, consistent{0};
    std::thread reader([&] {
        while (!stop) {
            const auto figures = monitor.query_device(0);
            if (!figures.consistent) continue;
            ++consistent;
            // Every buffer has 64 bytes.
            if (figures.current[0] != figures.live * 64 ||
                figures.live != figures.allocations - figures.frees ||
                figures.peak[0] < figures.current[0])
                ++torn;
        }
    });
    while (consistent == 0)
        std::this_thread::yield();
    run_threads([&](std::uint64_t thread) {
        for (std::uint64_t i = 0; i < 10 * kRounds; ++i) {
            monitor.track_allocation(0, Pool::kDram, thread << 32 | i, 64);
            if (i > 4) monitor.track_deallocation(0, thread << 32 | (i - 4));
        }
    });
    stop = true;
    reader.join();
    CHECK(torn == 0);
    CHECK(consistent > 0);
}

TEST_CASE("reset in the middle of it all leaves figures that agree with the list") {
    Monitor monitor;
    std::atomic<bool> stop{false};
    std::thread resetter([&] {
        while (!stop)
            monitor.reset();
    });
    run_threads([&](std::uint64_t thread) {
        for (std::uint64_t i = 0; i < kRounds / 4; ++i) {
            monitor.track_allocation(0, Pool::kDram, thread << 32 | i, 64);
            if (i % 2 == 0) monitor.track_deallocation(0, thread << 32 | i);
        }
    });
    stop = true;
    resetter.join();
    CHECK(monitor.query_device(0).live == monitor.active_buffers(0).size());
    CHECK(monitor.query_device(0).current[0] == monitor.active_buffers(0).size() * 64);
}

#ifndef __SANITIZE_THREAD__
TEST_CASE("a child that is forked while other threads track can track itself") {
    Monitor& monitor = Monitor::instance();
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (std::uint64_t thread = 1; thread <= 3; ++thread)
        threads.emplace_back([&, thread] {
            for (std::uint64_t i = 0; !stop; ++i) {
                monitor.track_allocation(0, Pool::kDram, thread << 32 | i % 64, 64);
                monitor.track_deallocation(0, thread << 32 | i % 64);
            }
        });
    int bad = 0;
    for (int i = 0; i < 100; ++i) {
        const pid_t child = fork();
        if (child == 0) {
            alarm(20);
            for (std::uint64_t id = 0; id < 300; ++id)
                monitor.track_allocation(1, Pool::kDram, id, 1);
            _exit(monitor.query_device(1).live == 300 ? 0 : 1);
        }
        int status = 0;
        bad += waitpid(child, &status, 0) != child || status != 0;
    }
    stop = true;
    for (std::thread& thread : threads)
        thread.join();
    CHECK(bad == 0);
    monitor.reset();
}

namespace {

std::atomic<std::uint64_t> handled{0}, half{0}, torn{0};

// All buffers have 64 bytes: whoever sees anything else sees half of an event.
void on_signal(int) {
    Monitor& monitor = Monitor::instance();
    const auto figures = monitor.query_device(0);
    half += !figures.consistent;
    torn += figures.consistent && (figures.current[0] != figures.live * 64 ||
                                   figures.live != figures.allocations - figures.frees ||
                                   figures.peak[0] < figures.current[0]);
    monitor.track_allocation(7, Pool::kDram, 1000 + handled % 100, 8);
    monitor.track_deallocation(7, 1000 + handled % 100);
    ++handled;
}

}  // namespace

TEST_CASE(
    "a handler in the middle of tracking may track, is counted, and is never shown half of an "
    "event "
    "as a whole") {
    Monitor& monitor = Monitor::instance();
    monitor.reset();
    struct sigaction action = {};
    action.sa_handler = on_signal;
    sigaction(SIGUSR1, &action, nullptr);
    const pthread_t self = pthread_self();
    std::atomic<bool> stop{false};
    std::thread sender([&] {
        while (!stop)
            pthread_kill(self, SIGUSR1);
    });
    for (std::uint64_t i = 0; torn == 0 && (monitor.problems().nested < 20 || half < 20); ++i) {
        monitor.track_allocation(0, Pool::kDram, i, 64);
        monitor.track_deallocation(0, i);
    }
    stop = true;
    sender.join();
    CHECK(torn == 0);
    CHECK(monitor.query_device(0).live == 0);
    CHECK(monitor.query_device(0).current[0] == 0);
    CHECK(monitor.query_device(0).consistent);
    monitor.reset();
}
#endif
