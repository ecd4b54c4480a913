// SPDX-License-Identifier: Apache-2.0
//
// Does an event's cost, or what the collector spends on it, grow with what else there is? Ten times more idle programs
// (each a ring), threads that once made an event (each a lane), or live buffers, three times over; programs that all make
// events, twice. An event: median of bursts at a million a second, of all programs together. The drain: processor time of
// the collector an event, as many as come. Cache misses of it where they are counted.
#include <memory>
#include <stdexcept>

#include "bench/active_programs.hpp"
#include "bench/cache_misses.hpp"
#include "bench/collector_process.hpp"
#include "bench/harness.hpp"
#include "bench/idle_others.hpp"
#include "bench/pipeline_loads.hpp"
#include "bench/samples.hpp"

namespace tidemark::bench {
namespace {

struct Size {
    std::uint64_t programs, threads, live;  // live buffers: of all active programs together
    std::uint64_t active = 1;               // programs that make events, this one among them
};

void wait_until(std::uint64_t ns) {
    while (shm::monotonic_ns() < ns)
        sched_yield();
}

// The median nanoseconds of an event at this program's share of a million a second.
double event_ns(std::uint64_t bursts, std::uint64_t programs) {
    Samples samples;
    std::uint64_t next = shm::monotonic_ns();
    for (std::uint64_t i = 0; i < bursts; ++i) {
        wait_until(next += burst_period_ns(programs));
        const std::uint64_t begun = shm::counter_fenced();
        for (int j = 0; j < kPairs; ++j) {
            tidemark_allocation(0, TIDEMARK_POOL_DRAM, 64, 64);
            tidemark_free(0, TIDEMARK_POOL_DRAM, 64);
        }
        samples.add(shm::counter_fenced() - begun);
    }
    return samples.at(0.5) * tick_ns() / (2 * kPairs);
}

void measure(benchmark::State& state, const Size& size, bool smoke) {
    static std::unique_ptr<CollectorProcess> collector;
    if (!collector) collector = std::make_unique<CollectorProcess>();
    if (!collector->is_ready()) return refuse(state, collector->why());
    try {
        const IdlePrograms programs(size.programs);
        const IdleThreads threads(size.threads);
        ActivePrograms others(size.active - 1, size.live / size.active);
        PairsLoad load(size.live / size.active);
        if (!is_published()) throw std::runtime_error("the collector did not publish");
        const CacheMisses of_drain(collector->pid());
        for (auto _ : state) {
            const std::uint64_t bursts = smoke ? 50 : 3000, pairs = smoke ? 10'000 : 2'000'000;
            state.counters["p50_ns"] =
                event_ns(std::max(bursts / size.active, bursts / 10), size.active);
            const auto misses = of_drain.sum();
            const double spent = collector->processor_seconds();
            others.run(pairs / size.active);
            for (std::uint64_t i = 0; i < pairs / size.active; ++i)
                load.step();
            if (!is_published()) throw std::runtime_error("the collector did not publish");
            others.wait();
            const auto events = static_cast<double>(2 * pairs);
            const double drain = (collector->processor_seconds() - spent) / events;
            state.counters["drain_ns"] = drain * 1e9;
            if (const auto now = of_drain.sum(); misses && now)
                state.counters["drain_misses"] = (*now - *misses) / events;
            state.SetIterationTime(drain);
        }
        state.SetItemsProcessed(1);
        // Nothing stays live for the next.
        load.free_all();
        (void)is_published();
    } catch (const std::exception& failure) {
        return refuse(state, failure.what());
    }
}

void register_all(const Options& options) {
    const bool smoke = options.smoke;
    const auto add = [smoke](const std::string& name, const Size& size) {
        benchmark::RegisterBenchmark(
            ("scaling/" + name).c_str(),
            [size, smoke](benchmark::State& state) { measure(state, size, smoke); })
            ->Iterations(1)
            ->UseManualTime();
    };
    for (const std::uint64_t count : {1u, 10u, 100u, 1000u}) {
        if (smoke && count > 10) continue;
        const std::string text = std::to_string(count);
        add("programs/" + text, {count, 1, 1000});
        add("threads/" + text, {1, count, 1000});
        if (count < 1000) add("active_programs/" + text, {1, 1, 10'000, count});
        add("live/" + std::to_string(count * 1000), {1, 1, count * 1000});
    }
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    tidemark::bench::require_tracking(true, argv);
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
