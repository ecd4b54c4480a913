// SPDX-License-Identifier: Apache-2.0
//
// The one loop of "what does one event cost its caller?", templated over the rivals. A rival is made once a thread with
// the thread's number, called once an event with the event's number, and told to `rest` between bursts, untimed. `begin`
// and `end` are called around each run, `missing` says why it can't be measured (nullptr: it can).
#pragma once

#include <sched.h>

#include <algorithm>
#include <cstdint>
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

template <class Rival>
void measure_event(benchmark::State& state, const EventRun& run) {
    if (const char* why = Rival::missing()) return refuse(state, why);
    if (state.threads() == 1) pin_to(0);
    clock_cost();  // measured before, not within
    const double tick = tick_ns();
    Rival rival(state.thread_index());
    Pace pace(run.drained ? kBurstPeriodNs * static_cast<std::uint64_t>(state.threads()) : 0);
    Samples bursts, singles;
    std::uint64_t number = 0;
    for (auto _ : state) {
        const std::uint64_t begun = shm::counter_fenced();
        for (std::uint64_t i = 0; i < kBurst; ++i)
            rival(number++);
        const std::uint64_t burst = shm::counter_fenced() - begun;
        rival.rest();
        for (std::uint64_t i = 0; i < kSingles; ++i) {
            const std::uint64_t before = shm::counter_fenced();
            rival(number++);
            singles.add(shm::counter_fenced() - before);
        }
        rival.rest();
        bursts.add(burst);
        state.SetIterationTime(static_cast<double>(burst) * tick * 1e-9);
        pace.wait();
    }
    if (const char* why = rival.wrong()) return refuse(state, why);
    const auto mean = benchmark::Counter::kAvgThreads;
    state.counters["p50_ns"] = {bursts.at(0.5) * tick / kBurst, mean};
    state.counters["p99_ns"] = {single_ns(singles, 0.99), mean};
    state.counters["p999_ns"] = {single_ns(singles, 0.999), mean};
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
