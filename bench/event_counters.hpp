// SPDX-License-Identifier: Apache-2.0
//
// The rival of event.cpp that goes the way of older monitors: relaxed counters that other processes map, and a registry
// under a lock that knows the size of what is freed. Nothing is drained: whoever watches reads the counters, here another
// process every millisecond.
#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <unordered_map>

#include "bench/event_rivals.hpp"

namespace tidemark::bench {

class CountersAndRegistry : public NothingShared {
public:
    explicit CountersAndRegistry(int thread) : thread_(thread) {}
    static void begin(int) {
        if (drained) watcher() = start_watcher(shared().counters);
    }
    static void end() {
        if (watcher() <= 0) return;
        kill(watcher(), SIGKILL);
        waitpid(watcher(), nullptr, 0);
        watcher() = 0;
    }
    void stamp(std::uint64_t number) const {
        if (is_allocation(number)) benchmark::DoNotOptimize(std::chrono::steady_clock::now());
    }
    void operator()(std::uint64_t number) {
        const std::uint64_t id = buffer_of(thread_, number);
        if (is_allocation(number)) {
            {
                const std::lock_guard lock(shared().mutex);
                shared().live.insert_or_assign(id, Buffer{64, std::chrono::steady_clock::now()});
            }
            add(0, 64);
            add(1, 1);
        } else {
            std::uint64_t size = 0;
            {
                const std::lock_guard lock(shared().mutex);
                const auto found = shared().live.find(id);
                if (found == shared().live.end()) return;
                size = found->second.size;
                shared().live.erase(found);
            }
            add(0, ~size + 1);
            add(2, 1);
        }
    }

private:
    struct Buffer {
        std::uint64_t size;
        std::chrono::steady_clock::time_point time;
    };
    struct Shared {
        std::mutex mutex;
        std::unordered_map<std::uint64_t, Buffer> live;
        std::atomic<std::uint64_t>* counters = static_cast<std::atomic<std::uint64_t>*>(
            mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    };
    static Shared& shared() {
        static Shared all;
        return all;
    }
    static pid_t& watcher() {
        static pid_t process = 0;
        return process;
    }
    static pid_t start_watcher(const std::atomic<std::uint64_t>* counters) {
        const pid_t process = fork();
        if (process != 0) return process;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;; usleep(1000))
            for (int which = 0; which < 3; ++which)
                benchmark::DoNotOptimize(counters[which].load(std::memory_order_relaxed));
    }
    static void add(int which, std::uint64_t value) {
        shared().counters[which].fetch_add(value, std::memory_order_relaxed);
    }
    int thread_;
};

}  // namespace tidemark::bench
