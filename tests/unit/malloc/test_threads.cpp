// SPDX-License-Identifier: Apache-2.0
//
// The tracker's functions over the real runtime, with threads and signal handlers, read back from the ring that they
// write: what sanitizers can see of a preloaded library.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "producer/runtime.hpp"
#include "programs/ring_counts.hpp"
#include "stand_in.hpp"
#include "tracked_names.hpp"

namespace {

const std::string instance = "unit-malloc-" + std::to_string(getpid());

// Before the first event, and gone with the last test.
struct Environment {
    Environment() {
        setenv("TIDEMARK_INSTANCE", instance.c_str(), 1);
        setenv("TIDEMARK_ENABLED", "1", 1);
        setenv("TIDEMARK_RING_BUDGET", "64M", 1);
        // What the library's constructor does.
        tidemark::producer::start(tidemark::producer::StartMode::kConstructor);
    }
    ~Environment() { ring_counts::remove_instance(instance); }
} environment;

ring_counts::Image of_process(pid_t pid) {
    for (const auto& image : ring_counts::read_instance(instance)) {
        if (image.pid == pid) return image;
    }
    return {};
}

// What happened in this process since it was made.
class Since {
public:
    Since() : before_(of_process(getpid())) {}

    void expect(std::uint64_t events, std::uint64_t live_blocks) const {
        const ring_counts::Image now = of_process(getpid());
        CHECK(now.problem == "");
        CHECK(now.allocations - before_.allocations == events);
        CHECK(now.frees - before_.frees == events - live_blocks);
        CHECK(now.live - before_.live == live_blocks);
        CHECK(now.unknown_frees == before_.unknown_frees);
        CHECK(now.duplicates == before_.duplicates);
        CHECK(now.lost_events() == 0);
    }

private:
    ring_counts::Image before_;
};

constexpr std::size_t kThreads = 6;
constexpr std::size_t kRounds = 2000;

// Thread n allocates, thread n + 1 frees: every address goes back to another thread at once.
void pass_on(std::vector<std::atomic<void*>>& boxes, std::atomic<std::size_t>& done,
             std::size_t thread) {
    std::atomic<void*>& mine = boxes[thread];
    std::atomic<void*>& next = boxes[(thread + 1) % kThreads];
    for (std::size_t round = 0; round < kRounds; ++round) {
        void* const block = tracked_malloc(48);
        void* empty = nullptr;
        while (!next.compare_exchange_weak(empty, block)) {
            empty = nullptr;
            tracked_free(mine.exchange(nullptr));
        }
        tracked_free(mine.exchange(nullptr));
    }
    ++done;
    while (done < kThreads || mine != nullptr)
        tracked_free(mine.exchange(nullptr));
}

std::atomic<int> ticks{0};

extern "C" void on_tick(int) {
    const stand_in::InHandler in_handler;
    tracked_free(tracked_malloc(24));
    ++ticks;
}

}  // namespace

TEST_CASE("blocks handed between threads: each free finds its allocation") {
    const Since start;
    std::vector<std::atomic<void*>> boxes(kThreads);
    std::atomic<std::size_t> done{0};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] { pass_on(boxes, done, i); });
    }
    for (auto& thread : threads)
        thread.join();
    start.expect(kThreads * kRounds, 0);
}

TEST_CASE("reallocations in threads: each moves one block and keeps the count") {
    const Since start;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([i] {
            void* block = tracked_malloc(16);
            for (std::size_t size = 1; size < 1000; ++size) {
                block = tracked_realloc(block, 16 + size * 7 % 501 * (i + 1));
            }
            tracked_free(block);
        });
    }
    for (auto& thread : threads)
        thread.join();
    start.expect(kThreads * 1000, 0);
}

TEST_CASE("handlers that interrupt the calls anywhere lose nothing") {
    // A handler inside the very first event of a thread has no lane yet; that is counted, and not meant here.
    tracked_free(tracked_malloc(1));
    const Since start;
    struct sigaction action {};
    struct sigaction old {};
    action.sa_handler = on_tick;
    REQUIRE(sigaction(SIGALRM, &action, &old) == 0);
    const itimerval fast{{0, 200}, {0, 200}};
    setitimer(ITIMER_REAL, &fast, nullptr);
    std::uint64_t own = 0;
    // Also handlers' lanes have their limits: 64 events, then they grow, but not from within.
    for (; own < 5000 && ticks < 15; ++own)
        tracked_free(tracked_malloc(32));
    const itimerval off{};
    setitimer(ITIMER_REAL, &off, nullptr);
    sigaction(SIGALRM, &old, nullptr);
    start.expect(own + static_cast<std::uint64_t>(ticks), 0);
}

TEST_CASE("a forked child has an account of its own") {
    void* const inherited = tracked_malloc(77);
    const Since start;
    const pid_t child = fork();
    if (child == 0) {
        tracked_free(inherited);
        for (int i = 0; i < 10; ++i)
            tracked_malloc(100);
        _exit(0);
    }
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    start.expect(0, 0);
    const ring_counts::Image image = of_process(child);
    CHECK(image.problem == "");
    CHECK(image.parent_image == of_process(getpid()).image);
    CHECK(image.allocations == 10);
    CHECK(image.live_bytes == 1000);
    CHECK(image.unknown_frees == 1);
    tracked_free(inherited);
}
