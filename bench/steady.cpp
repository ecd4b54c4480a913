// SPDX-License-Identifier: Apache-2.0
//
// 100,000 events a second: what do they take from the program, and how much processor time has whoever receives them? In
// spurts of a hundred every millisecond, as a program in a loop does, and one by one at even distances, which leaves a
// receiver no rest. Shares of one processor, and how often the receiver is woken. One benchmark iteration is one stretch
// of such a load; five of ours are a minute.
#include <algorithm>
#include <exception>
#include <memory>

#include "bench/harness.hpp"
#include "bench/path.hpp"
#include "bench/processor_time.hpp"
#include "bench/samples.hpp"

namespace tidemark::bench {
namespace {

constexpr std::uint64_t kRate = 100'000;  // events a second

struct Load {
    std::uint64_t seconds_1000;  // of a stretch, in thousandths
    std::uint64_t together;      // events between two looks at the clock
};

void wait_until(std::uint64_t ns, bool sleeping) {
    if (sleeping) {
        const timespec when{static_cast<time_t>(ns / 1'000'000'000),
                            static_cast<long>(ns % 1'000'000'000)};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr);
    }
    while (shm::monotonic_ns() < ns) {
    }
}

// Answers how many ticks the appends took.
template <class Path>
double make_events(const Path& path, const Load& load) {
    const std::uint64_t groups = kRate * load.seconds_1000 / 1000 / load.together;
    const std::uint64_t period = 1'000'000'000 * load.together / kRate;
    const double clock = clock_cost();
    double ticks = 0;
    std::uint64_t next = shm::monotonic_ns(), number = 0;
    for (std::uint64_t i = 0; i < groups; ++i) {
        wait_until(next += period, load.together > 1);
        const std::uint64_t begun = shm::counter_fenced();
        for (std::uint64_t j = 0; j < load.together; ++j)
            path.append(Who::kOwn, number++);
        ticks += static_cast<double>(shm::counter_fenced() - begun) - clock;
    }
    return ticks;
}

template <class Path>
void measure(benchmark::State& state, const Load& load) {
    std::shared_ptr<const Path> path;
    try {
        path = Path::make();
    } catch (const std::exception& failure) {
        return refuse(state, failure.what());
    }
    pin_to(0);
    const double tick = tick_ns();
    double producer = 0, receiver = 0, wakes = 0, seconds = 0;
    for (auto _ : state) {
        const std::uint64_t begun = shm::monotonic_ns();
        const double spent = processor_seconds_of(path->receiver());
        const std::uint64_t woken = wakes_of(path->receiver());
        producer += make_events(*path, load) * tick * 1e-9;
        const double elapsed = static_cast<double>(shm::monotonic_ns() - begun) * 1e-9;
        receiver += processor_seconds_of(path->receiver()) - spent;
        wakes += static_cast<double>(wakes_of(path->receiver()) - woken);
        seconds += elapsed;
        state.SetIterationTime(elapsed);
    }
    state.counters["producer_share"] = producer / seconds;
    state.counters["receiver_share"] = receiver / seconds;
    state.counters["together_share"] = (producer + receiver) / seconds;
    state.counters["wakes_per_second"] = wakes / seconds;
    state.counters["ns_per_wake"] = receiver * 1e9 / std::max(wakes, 1.0);
    state.counters["seconds"] = seconds;
    state.SetItemsProcessed(static_cast<std::int64_t>(kRate * load.seconds_1000 / 1000) *
                            state.iterations());
}

template <class Path>
void add(const std::string& name, std::uint64_t seconds_1000) {
    for (const std::uint64_t together : {100u, 1u}) {
        const Load load{seconds_1000, together};
        const std::string full = "steady/" + name + (together == 1 ? "/evenly" : "/in_spurts");
        benchmark::RegisterBenchmark(full.c_str(),
                                     [load](benchmark::State& s) { measure<Path>(s, load); })
            ->Iterations(1)
            ->UseManualTime();
    }
}

void register_all(const Options& options) {
    add<TidemarkPath>("tidemark", options.smoke ? 20 : 12'000);
    add<SocketPath>("socket", options.smoke ? 20 : 2'000);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    tidemark::bench::require_tracking(true, argv);
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
