// SPDX-License-Identifier: Apache-2.0
//
// The one loop of "what does one event cost its caller?", templated over the rivals. A rival is made once a thread with
// the thread's number, called once an event with the event's number, and told to `rest` between bursts, untimed. Its
// `stamp` is what it asks a clock for such an event, alone. `begin` and `end` are called around each run, `missing` says
// why it can't be measured (nullptr: it can).
#pragma once

#include <sched.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <vector>

#include "bench/harness.hpp"
#include "bench/samples.hpp"
#include "shm/clock.hpp"

namespace tidemark::bench {

struct EventRun {
    bool drained = false;      // somebody else empties what is filled
    std::int64_t bursts = 64;  // of all threads together
};

inline constexpr std::uint64_t kBurst = 128;
inline constexpr std::uint64_t kSingles = 16;
// With somebody draining, all threads together make a million events a second: what is asked is what an event costs
// while it is drained, not who is faster.
inline constexpr std::uint64_t kBurstPeriodNs = (kBurst + kSingles) * 1000;

class Pace {
public:
    explicit Pace(std::uint64_t period_ns) : period_(period_ns), next_(shm::monotonic_ns()) {}
    void wait() {
        if (period_ == 0) return;
        next_ = std::max(next_ + period_, shm::monotonic_ns());
        while (shm::monotonic_ns() < next_)
            sched_yield();
    }

private:
    std::uint64_t period_, next_;
};

struct EventSamples {
    Samples bursts, stamps,
        singles;  // a burst of events, one of their stamps alone, a single event
};

// Those of all threads of a run together: the thread that comes last tells the figures.
class OfAllThreads {
public:
    void add(const EventSamples& own, benchmark::State& state) {
        const std::lock_guard lock(mutex_);
        all_.bursts.add(own.bursts);
        all_.stamps.add(own.stamps);
        all_.singles.add(own.singles);
        if (++threads_ < state.threads()) return;
        const double tick = tick_ns(), event = all_.bursts.at(0.5) * tick / kBurst,
                     stamp = all_.stamps.at(0.5) * tick / kBurst;
        state.counters["p50_ns"] = event;
        state.counters["stamp_ns"] = stamp;
        state.counters["above_stamp_ns"] = event - stamp;
        state.counters["p99_ns"] = single_ns(all_.singles, 0.99);
        state.counters["p999_ns"] = single_ns(all_.singles, 0.999);
        all_ = {};
        threads_ = 0;
    }

private:
    std::mutex mutex_;
    EventSamples all_;
    int threads_ = 0;
};

// Ticks of `kBurst` calls.
template <class Call>
std::uint64_t burst_of(Call call) {
    const std::uint64_t begun = shm::counter_fenced();
    for (std::uint64_t i = 0; i < kBurst; ++i)
        call(i);
    return shm::counter_fenced() - begun;
}

template <class Rival>
void measure_event(benchmark::State& state, const EventRun& run) {
    static OfAllThreads together;
    if (const char* why = Rival::missing()) return refuse(state, why);
    if (state.threads() == 1) pin_to(0);
    clock_cost();  // measured before, not within
    const double tick = tick_ns();
    Rival rival(state.thread_index());
    Pace pace(run.drained ? kBurstPeriodNs * static_cast<std::uint64_t>(state.threads()) : 0);
    EventSamples samples;
    std::uint64_t number = 0;
    for (auto _ : state) {
        const std::uint64_t burst = burst_of([&](std::uint64_t) { rival(number++); });
        rival.rest();
        samples.stamps.add(burst_of([&](std::uint64_t i) { rival.stamp(i); }));
        for (std::uint64_t i = 0; i < kSingles; ++i) {
            const std::uint64_t before = shm::counter_fenced();
            rival(number++);
            samples.singles.add(shm::counter_fenced() - before);
        }
        rival.rest();
        samples.bursts.add(burst);
        state.SetIterationTime(static_cast<double>(burst) * tick * 1e-9);
        pace.wait();
    }
    together.add(samples, state);
    if (const char* why = rival.wrong()) return refuse(state, why);
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBurst));
}

// `name` with so many threads each. Bursts are fixed, because a run that waits for somebody has no time to aim at.
template <class Rival>
void add_event(const std::string& name, const Options& options, const std::vector<int>& threads) {
    EventRun run;
    run.drained = options.drain;
    run.bursts = options.smoke ? 64 : options.drain ? 2000 : 16'000;
    const std::string full = (options.drain ? "event_drained/" : "event/") + name;
    for (const int count : threads) {
        benchmark::RegisterBenchmark(full.c_str(),
                                     [run](benchmark::State& s) { measure_event<Rival>(s, run); })
            ->Threads(count)
            ->Iterations(run.bursts / count)
            ->UseManualTime()
            ->Setup([](const benchmark::State& s) { Rival::begin(s.threads()); })
            ->Teardown([](const benchmark::State&) { Rival::end(); });
    }
}

}  // namespace tidemark::bench
