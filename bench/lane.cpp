// SPDX-License-Identifier: Apache-2.0
//
// How many 32-byte records a second go from one thread to another, on two processors? The bare lane (no time stamp, no
// bell) against the queues that one would use instead. Records are pushed one at a time, as they happen, and popped in
// batches of up to 512, as the collector does; a side that finds nothing to do pauses for a moment. Every record is
// checked on arrival.
#include <sched.h>

#include <atomic>
#include <memory>
#include <thread>

#include "bench/harness.hpp"
#include "bench/lane_rivals.hpp"
#include "shm/bell_slots.hpp"

namespace tidemark::bench {
namespace {

constexpr std::size_t kBatch = 512;

// 64 pauses between two looks, as the collector; sometimes the processor is wanted by others.
class Patience {
public:
    void pause() {
        for (int i = 0; i < 64; ++i)
            shm::pause_briefly();
        if (++pauses_ % 1024 == 0) sched_yield();
    }

private:
    unsigned pauses_ = 0;
};

shm::Event event_of(std::uint64_t number) {
    return {number, ~number, shm::pack(shm::Operation::kAllocation, 0, 64), 0, 0};
}

// Pops until told to stop; `wrong` counts records that are not the next one.
template <class Queue>
class Consumer {
public:
    explicit Consumer(Queue& queue) : queue_(queue), thread_([this] { run(); }) {}
    ~Consumer() { stop(); }

    std::uint64_t received() const { return received_.load(std::memory_order_acquire); }
    std::uint64_t wrong() const { return wrong_; }  // after stop()
    void stop() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }

private:
    void run() {
        pin_to(1);
        const std::unique_ptr<shm::Event[]> batch(new shm::Event[kBatch]);
        Patience patience;
        std::uint64_t next = 0;
        while (!stop_.load(std::memory_order_relaxed)) {
            const std::size_t taken = queue_.pop(batch.get(), kBatch);
            for (std::size_t i = 0; i < taken; ++i, ++next)
                wrong_ += batch[i].stamp != next || batch[i].id != ~next;
            if (taken == 0) patience.pause();
            received_.store(next, std::memory_order_release);
        }
    }

    Queue& queue_;
    std::atomic<bool> stop_{false};
    std::uint64_t wrong_ = 0;
    alignas(128) std::atomic<std::uint64_t> received_{0};
    std::thread thread_;
};

template <class Queue>
void measure(benchmark::State& state, std::uint64_t records) {
    if (allowed_processors().size() < 2) return refuse(state, "needs two processors");
    pin_to(0);
    const auto queue = std::make_unique<Queue>();
    Consumer<Queue> consumer(*queue);
    std::uint64_t sent = 0;
    Patience patience;
    for (auto _ : state) {
        for (const std::uint64_t end = sent + records; sent < end; ++sent) {
            const shm::Event event = event_of(sent);
            while (!queue->push(event))
                patience.pause();
        }
        while (consumer.received() < sent)
            patience.pause();
    }
    consumer.stop();
    if (consumer.wrong() != 0) return refuse(state, "records arrived wrong");
    state.SetItemsProcessed(static_cast<std::int64_t>(sent));
}

// No rival, but what bounds them all: one cache line goes to the other processor and comes back.
void measure_round_trip(benchmark::State& state) {
    if (allowed_processors().size() < 2) return refuse(state, "needs two processors");
    pin_to(0);
    constexpr std::uint64_t kEnd = ~std::uint64_t{0};
    alignas(128) std::atomic<std::uint64_t> word{0};
    std::thread other([&word] {
        pin_to(1);
        for (std::uint64_t seen = 0; seen != kEnd;) {
            seen = word.load(std::memory_order_acquire);
            if (seen % 2 == 1 && seen != kEnd) word.store(seen + 1, std::memory_order_release);
        }
    });
    std::uint64_t number = 0;
    for (auto _ : state) {
        word.store(number + 1, std::memory_order_release);
        number += 2;
        while (word.load(std::memory_order_acquire) != number) {
        }
    }
    word.store(kEnd, std::memory_order_release);
    other.join();
    state.SetItemsProcessed(state.iterations());
}

template <class Queue>
void add(const char* name, const Options& options) {
    const std::uint64_t records = options.smoke ? 20'000 : 4'000'000;
    benchmark::RegisterBenchmark(name, [records](benchmark::State& s) {
        measure<Queue>(s, records);
    })->UseRealTime();
}

void register_all(const Options& options) {
    benchmark::RegisterBenchmark("lane/round_trip", measure_round_trip)->UseRealTime();
    add<TidemarkLane>("lane/tidemark", options);
    add<BoostSpscQueue>("lane/boost_spsc_queue", options);
    add<MoodycamelConcurrentQueue>("lane/moodycamel_concurrentqueue", options);
#ifdef TIDEMARK_BENCH_READERWRITERQUEUE
    add<MoodycamelReaderWriterQueue>("lane/moodycamel_readerwriterqueue", options);
#endif
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
