// SPDX-License-Identifier: Apache-2.0
//
// What else there may be while scaling.cpp measures, and does nothing: programs with a ring, threads with a lane.
#pragma once

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/pipeline_loads.hpp"

namespace tidemark::bench {

// Programs that each have one event published, and then do nothing.
class IdlePrograms {
public:
    explicit IdlePrograms(std::uint64_t count) {
        int ready[2];
        if (pipe(ready) != 0) throw std::runtime_error("no pipe could be made");
        for (std::uint64_t i = 0; i < count; ++i) {
            const pid_t child = fork();
            if (child == 0) be_idle(ready[1]);
            if (child > 0) children_.push_back(child);
        }
        close(ready[1]);
        char answer = 0;
        std::uint64_t attached = 0;
        while (read(ready[0], &answer, 1) == 1 && answer == '+' && attached < count)
            if (++attached == count) break;
        close(ready[0]);
        if (attached != count) throw std::runtime_error("not all idle programs were attached");
    }
    ~IdlePrograms() {
        for (const pid_t child : children_)
            kill(child, SIGKILL);
        for (const pid_t child : children_)
            waitpid(child, nullptr, 0);
    }
    IdlePrograms(const IdlePrograms&) = delete;
    IdlePrograms& operator=(const IdlePrograms&) = delete;

private:
    [[noreturn]] static void be_idle(int ready) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        tidemark_allocation(1, TIDEMARK_POOL_DRAM, 1, 4096);
        const char answer = is_published() ? '+' : '-';
        if (write(ready, &answer, 1) != 1) _exit(1);
        for (;;)
            pause();
    }
    std::vector<pid_t> children_;
};

// Threads of this program that each made an event, and then do nothing.
class IdleThreads {
public:
    explicit IdleThreads(std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i)
            threads_.emplace_back([this, i] {
                tidemark_allocation(1, TIDEMARK_POOL_DRAM, 64 + i * 64, 64);
                tidemark_free(1, TIDEMARK_POOL_DRAM, 64 + i * 64);
                std::unique_lock lock(mutex_);
                ++begun_;
                changed_.notify_all();
                changed_.wait(lock, [this] { return end_; });
            });
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return begun_ == count; });
    }
    ~IdleThreads() {
        {
            const std::lock_guard lock(mutex_);
            end_ = true;
        }
        changed_.notify_all();
        for (std::thread& thread : threads_)
            thread.join();
    }
    IdleThreads(const IdleThreads&) = delete;
    IdleThreads& operator=(const IdleThreads&) = delete;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t begun_ = 0;
    bool end_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace tidemark::bench
