// SPDX-License-Identifier: Apache-2.0
//
// Does an event's cost, or what the collector spends on it, grow with what else there is? Ten times more idle programs
// (each a ring), threads that once made an event (each a lane), or live buffers, three times over. An event: median of
// bursts at a million a second. The drain: processor time of the collector an event, as many as come. Cache misses of
// both where they are counted.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "bench/cache_misses.hpp"
#include "bench/collector_process.hpp"
#include "bench/harness.hpp"
#include "bench/pipeline_loads.hpp"
#include "bench/samples.hpp"

namespace tidemark::bench {
namespace {

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

struct Size {
    std::uint64_t programs, threads, live;
};

constexpr int kPairs = 64;  // of a burst

void wait_until(std::uint64_t ns) {
    while (shm::monotonic_ns() < ns)
        sched_yield();
}

// The median nanoseconds of an event at a million a second.
double event_ns(int bursts) {
    Samples samples;
    std::uint64_t next = shm::monotonic_ns();
    for (int i = 0; i < bursts; ++i) {
        wait_until(next += 2 * kPairs * 1000);
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
        PairsLoad load(size.live);
        if (!is_published()) throw std::runtime_error("the collector did not publish");
        const CacheMisses of_drain(collector->pid());
        for (auto _ : state) {
            state.counters["p50_ns"] = event_ns(smoke ? 50 : 3000);
            const int pairs = smoke ? 10'000 : 2'000'000;
            const auto misses = of_drain.sum();
            const double spent = collector->processor_seconds();
            for (int i = 0; i < pairs; ++i)
                load.step();
            if (!is_published()) throw std::runtime_error("the collector did not publish");
            const double drain = (collector->processor_seconds() - spent) / (2.0 * pairs);
            state.counters["drain_ns"] = drain * 1e9;
            if (const auto now = of_drain.sum(); misses && now)
                state.counters["drain_misses"] = (*now - *misses) / (2.0 * pairs);
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
        add("live/" + std::to_string(count * 1000), {1, 1, count * 1000});
    }
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    tidemark::bench::require_tracking(true, argv);
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
