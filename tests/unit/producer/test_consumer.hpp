// SPDX-License-Identifier: Apache-2.0
//
// A consumer for this process's own ring, in a thread of the test: takes records, keeps them by lane, gives space
// back, publishes, beats. As a collector would, without accounts.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "producer/process_state.hpp"
#include "producer/runtime.hpp"
#include "shm/bell_slots.hpp"
#include "shm/clock.hpp"
#include "shm/lane_reader.hpp"

#pragma GCC visibility push(hidden)

namespace tidemark::test {

class TestConsumer {
public:
    enum class Mode { kDrains, kOnlyBeats };

    // Called for each record, in the consumer's thread; without one, records are kept.
    using Sink = std::function<void(std::size_t lane, const shm::Event& event)>;

    explicit TestConsumer(Mode mode = Mode::kDrains, Sink sink = nullptr)
        : mode_(mode),
          sink_(std::move(sink)),
          state_(*producer::current_state()),
          slots_(getenv("TIDEMARK_INSTANCE"), 1) {
        slots_.heartbeat(shm::monotonic_ns());
        shm::RingHeader& header = state_.header();
        int slot = -1;
        while ((slot = slots_.slot_for(geteuid())) < 0)  // another collector claims one just now
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        header.consumer_slot = slot;
        slots_.heartbeat(shm::monotonic_ns());
        __atomic_store_n(&header.consumer_attached, 1, __ATOMIC_RELEASE);
        thread_ = std::thread([this] { run(); });
    }
    ~TestConsumer() { stop(); }
    TestConsumer(const TestConsumer&) = delete;
    TestConsumer& operator=(const TestConsumer&) = delete;

    // Takes what is left and ends.
    void stop() {
        if (!thread_.joinable()) return;
        stopping_ = true;
        thread_.join();
        while (mode_ == Mode::kDrains && pass()) {
        }
        __atomic_store_n(&state_.header().consumer_attached, 0, __ATOMIC_RELEASE);
        state_.header().consumer_slot = -1;
    }

    const std::vector<shm::Event>& lane(std::size_t index) const { return events_[index]; }
    std::size_t lanes() const { return events_.size(); }
    int faults() const { return faults_; }
    std::uint64_t count(shm::Operation operation) const {
        std::uint64_t sum = 0;
        for (const auto& lane : events_)
            for (const shm::Event& event : lane)
                sum += event.operation() == operation;
        return sum;
    }

private:
    void run() {
        while (!stopping_) {
            slots_.heartbeat(shm::monotonic_ns());
            if (mode_ == Mode::kDrains && pass()) continue;
            usleep(200);
        }
    }
    bool pass() {
        const std::uint32_t used = __atomic_load_n(&state_.header().lanes_used, __ATOMIC_ACQUIRE);
        for (auto i = static_cast<std::uint32_t>(readers_.size()); i < 2 * used; ++i) {
            readers_.emplace_back(state_.ring.base, state_.ring.size, i);
            faults_ += !readers_.back().begin();
        }
        events_.resize(readers_.size());
        bool any = false;
        for (std::size_t i = 0; i < readers_.size(); ++i)
            any |= drain(i);
        return any;
    }
    bool drain(std::size_t lane) {
        shm::LaneReader& reader = readers_[lane];
        auto fault = TIDEMARK_QUARANTINE_NONE;
        const std::size_t taken = reader.take(reader.head(), batch_, std::size(batch_), fault);
        faults_ += fault != TIDEMARK_QUARANTINE_NONE;
        if (sink_)
            for (std::size_t i = 0; i < taken; ++i)
                sink_(lane, batch_[i]);
        else
            events_[lane].insert(events_[lane].end(), batch_, batch_ + taken);
        reader.release_space(reader.cursor.position);
        reader.mark_published(reader.cursor.position);
        return taken != 0;
    }

    Mode mode_;
    Sink sink_;
    producer::ProcessState& state_;
    shm::BellSlots slots_;
    std::atomic<bool> stopping_{false};
    // Each consumer goes on where the one before it stopped.
    static inline std::deque<shm::LaneReader> readers_;
    std::vector<std::vector<shm::Event>> events_;
    shm::Event batch_[4096];
    std::atomic<int> faults_{0};
    std::thread thread_;
};

// Lost events of this process so far, all causes.
inline std::uint64_t lost_so_far() {
    std::uint64_t sum = 0;
    for (const shm::LossCounter& counter : producer::current_state()->header().loss)
        sum += __atomic_load_n(&counter.allocations, __ATOMIC_RELAXED) +
               __atomic_load_n(&counter.frees, __ATOMIC_RELAXED);
    return sum;
}

// The ring of the test itself is removed when it ends.
struct OwnRingGuard {
    ~OwnRingGuard() {
        if (producer::ProcessState* state = producer::current_state()) {
            char name[64];
            snprintf(name, sizeof name, "%s%s%016lx", shm::kShmDirectory, shm::kRingPrefix,
                     state->ring.image);
            unlink(name);
        }
    }
};

}  // namespace tidemark::test

#pragma GCC visibility pop
