// SPDX-License-Identifier: Apache-2.0
//
// How long from an append until another process can read the figure? While nothing else happens, so that whoever
// receives it sleeps (every 3 ms), and while a hundred other events come every millisecond. The program that appends
// looks again and again until the figure counts its event.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <memory>

#include "bench/harness.hpp"
#include "bench/path.hpp"
#include "bench/samples.hpp"
#include "bench/wake_path.hpp"

namespace tidemark::bench {
namespace {

void rest(long ns) {
    const timespec pause{0, ns};
    nanosleep(&pause, nullptr);
}

// A hundred events every millisecond, from a process of its own.
template <class Path>
class Noise {
public:
    Noise(const Path& path, bool wanted) {
        if (!wanted) return;
        child_ = fork();
        if (child_ != 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (std::uint64_t number = 0;;) {
            for (int i = 0; i < 100; ++i)
                path.append(Who::kNoise, number++);
            rest(1'000'000);
        }
    }
    ~Noise() {
        if (child_ <= 0) return;
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }
    Noise(const Noise&) = delete;
    Noise& operator=(const Noise&) = delete;

private:
    pid_t child_ = 0;
};

template <class Path>
void measure(benchmark::State& state, bool busy) {
    std::shared_ptr<const Path> path;
    try {
        path = Path::make();
    } catch (const std::exception& failure) {
        return refuse(state, failure.what());
    }
    const Noise<Path> noise(*path, busy);
    if (busy) rest(20'000'000);
    pin_to(0);
    const double tick = tick_ns();
    Samples samples;
    const std::uint64_t before = path->readable();
    std::uint64_t appended = 0;
    for (auto _ : state) {
        rest(busy ? 300'000 : 3'000'000);
        const std::uint64_t deadline = shm::monotonic_ns() + 5'000'000'000;
        const std::uint64_t begun = shm::counter_fenced();
        path->append(Who::kOwn, appended++);
        while (path->readable() < before + appended)
            if (shm::monotonic_ns() > deadline) return refuse(state, "an event did not arrive");
        const std::uint64_t ticks = shm::counter_fenced() - begun;
        samples.add(ticks);
        state.SetIterationTime(static_cast<double>(ticks) * tick * 1e-9);
    }
    state.counters["p50_ns"] = samples.at(0.5) * tick;
    state.counters["p99_ns"] = samples.at(0.99) * tick;
    state.SetItemsProcessed(state.iterations());
}

template <class Path>
void add(const std::string& name, const Options& options, bool busy_too = true) {
    for (const bool busy : {false, true}) {
        if (busy && !busy_too) continue;
        const std::string full = "latency/" + name + (busy ? "/busy" : "/idle");
        benchmark::RegisterBenchmark(full.c_str(),
                                     [busy](benchmark::State& s) { measure<Path>(s, busy); })
            ->Iterations(options.smoke ? 10
                         : busy        ? 2000
                                       : 400)
            ->UseManualTime();
    }
}

void register_all(const Options& options) {
    add<TidemarkPath>("tidemark", options);
    add<SocketPath>("socket", options);
    add<WakePath>("wake", options, false);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    tidemark::bench::require_tracking(true, argv);
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
