// SPDX-License-Identifier: Apache-2.0
//
// Who is measured in event.cpp, each as event_loop.hpp wants it. Queues carry the same record with the same time stamp
// as a lane does, one queue a thread. Without anybody who drains, each thread empties its own between bursts.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "bench/harness.hpp"
#include "bench/lane_rivals.hpp"
#include "bench/own_ring.hpp"
#include "producer/hot.hpp"
#include "shm/clock.hpp"
#include "tidemark/producer.h"

namespace tidemark::bench {

inline bool drained = false;  // set once, before anything is registered

// An allocation and a free in turn, of a buffer that only this thread has.
inline std::uint64_t buffer_of(int thread, std::uint64_t number) {
    return (static_cast<std::uint64_t>(thread + 1) << 40) + (number >> 1) * 64;
}
inline bool is_allocation(std::uint64_t number) { return (number & 1) == 0; }

// The stamp that Tidemark takes in this process.
inline std::uint64_t stamp() {
    return producer::is_single_threaded() ? shm::counter() : shm::counter_fenced();
}

struct NothingShared {
    static const char* missing() { return nullptr; }
    static void begin(int) {}
    static void end() {}
    void rest() {}
    void stamp(std::uint64_t) const { benchmark::DoNotOptimize(bench::stamp()); }
    const char* wrong() const { return nullptr; }
};

struct StampAlone : NothingShared {
    explicit StampAlone(int) {}
    void operator()(std::uint64_t) const { stamp(0); }
};

class TidemarkEvent : public NothingShared {
public:
    explicit TidemarkEvent(int thread) : thread_(thread) {
        if (!drained && ring().is_open()) ring().use_lane_of_this_thread();
    }
    static const char* missing() {
        return drained || ring().is_open() ? nullptr : "no ring segment could be made";
    }
    void operator()(std::uint64_t number) const {
        const std::uint64_t id = buffer_of(thread_, number);
        if (is_allocation(number))
            tidemark_allocation(0, TIDEMARK_POOL_DRAM, id, 64);
        else
            tidemark_free(0, TIDEMARK_POOL_DRAM, id);
    }
    void rest() {
        if (!drained) ring().empty();
    }
    const char* wrong() const { return OwnRing::lost() == 0 ? nullptr : "events were lost"; }

private:
    static OwnRing& ring() {
        static OwnRing own;
        return own;
    }
    int thread_;
};

// One of the queues of lane_rivals.hpp for each thread; drained, one more thread empties them all.
template <class Queue>
class QueueEvent : public NothingShared {
public:
    explicit QueueEvent(int thread)
        : thread_(thread), queue_(*queues()[static_cast<std::size_t>(thread)]) {}
    static void begin(int threads) {
        for (int i = 0; i < threads; ++i)
            queues().push_back(std::make_unique<Queue>());
        if (!drained) return;
        stop() = false;
        consumer() = std::thread([] {
            while (!stop().load(std::memory_order_relaxed)) {
                std::size_t taken = 0;
                for (auto& queue : queues())
                    taken += take(*queue);
                if (taken == 0) sched_yield();
            }
        });
    }
    static void end() {
        stop() = true;
        if (consumer().joinable()) consumer().join();
        queues().clear();
    }
    void operator()(std::uint64_t number) {
        const auto operation =
            is_allocation(number) ? shm::Operation::kAllocation : shm::Operation::kFree;
        const shm::Event event{bench::stamp(), buffer_of(thread_, number),
                               shm::pack(operation, 0, 64), 0, 0};
        while (!queue_.push(event))
            sched_yield();
    }
    void rest() {
        while (!drained && take(queue_) != 0) {
        }
    }

private:
    static std::size_t take(Queue& queue) {
        shm::Event batch[256];
        const std::size_t taken = queue.pop(batch, 256);
        benchmark::DoNotOptimize(batch);
        return taken;
    }
    static std::vector<std::unique_ptr<Queue>>& queues() {
        static std::vector<std::unique_ptr<Queue>> all;
        return all;
    }
    static std::thread& consumer() {
        static std::thread thread;
        return thread;
    }
    static std::atomic<bool>& stop() {
        static std::atomic<bool> flag{false};
        return flag;
    }
    int thread_;
    Queue& queue_;
};

}  // namespace tidemark::bench
