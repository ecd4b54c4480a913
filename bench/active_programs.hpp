// SPDX-License-Identifier: Apache-2.0
//
// Other programs for scaling.cpp that make events too: at their share of a million a second, and then, when they are told
// to, a number of pairs as fast as they can.
#pragma once

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <new>
#include <stdexcept>
#include <vector>

#include "bench/pipeline_loads.hpp"
#include "shm/clock.hpp"

namespace tidemark::bench {

inline constexpr int kPairs = 64;  // of a burst

// Between two bursts of a program, if so many make a million events a second together.
inline std::uint64_t burst_period_ns(std::uint64_t programs) {
    return 2 * kPairs * 1000 * programs;
}

class ActivePrograms {
public:
    // `live` buffers each.
    ActivePrograms(std::uint64_t count, std::uint64_t live) : count_(count) {
        void* const memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) throw std::bad_alloc();
        shared_ = new (memory) Shared;
        for (std::uint64_t i = 0; i < count; ++i) {
            const pid_t child = fork();
            if (child == 0) be_active(live);
            if (child > 0) children_.push_back(child);
        }
        wait_for(shared_->ready, "not all programs were attached");
    }
    ~ActivePrograms() {
        for (const pid_t child : children_)
            kill(child, SIGKILL);
        for (const pid_t child : children_)
            waitpid(child, nullptr, 0);
        munmap(shared_, sizeof(Shared));
    }
    ActivePrograms(const ActivePrograms&) = delete;
    ActivePrograms& operator=(const ActivePrograms&) = delete;

    // As fast as they can, once.
    void run(std::uint64_t pairs) { shared_->pairs = pairs; }
    // Until all that they made is published.
    void wait() const { wait_for(shared_->done, "what the other programs made was not published"); }

private:
    struct Shared {
        std::atomic<std::uint64_t> ready{0}, pairs{0}, done{0};
    };

    [[noreturn]] void be_active(std::uint64_t live) const {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        PairsLoad load(live);
        if (!is_published()) _exit(1);
        shared_->ready.fetch_add(1);
        const std::uint64_t period = burst_period_ns(count_ + 1);
        for (std::uint64_t next = shm::monotonic_ns(); shared_->pairs.load() == 0; next += period) {
            for (int i = 0; i < kPairs; ++i)
                load.step();
            const timespec when{static_cast<time_t>(next / 1'000'000'000),
                                static_cast<long>(next % 1'000'000'000)};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr);
        }
        for (std::uint64_t i = shared_->pairs.load(); i > 0; --i)
            load.step();
        if (is_published()) shared_->done.fetch_add(1);
        for (;;)
            pause();
    }
    void wait_for(const std::atomic<std::uint64_t>& all, const char* why) const {
        for (int i = 0; i < 60'000 && all.load() < count_; ++i)
            usleep(1000);
        if (all.load() < count_) throw std::runtime_error(why);
    }

    std::uint64_t count_;
    Shared* shared_;
    std::vector<pid_t> children_;
};

}  // namespace tidemark::bench
