// SPDX-License-Identifier: Apache-2.0
//
// How many events a second go the whole way: appended by so many programs, drained, applied and published by a
// collector? As many as they can make, with so many buffers live in all of them together: pairs of a free and an
// allocation at random places, ever more buffers, or what one thread allocates and another one frees. Counted by what the
// stats segment says. In turn with what bounds it: the live table alone, fed from memory (`alone`).
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <memory>
#include <stdexcept>

#include "bench/collector_process.hpp"
#include "bench/harness.hpp"
#include "bench/pipeline_alone.hpp"
#include "bench/pipeline_loads.hpp"
#include "shm/clock.hpp"
#include "tidemark/stats_reader.hpp"

namespace tidemark::bench {
namespace {

struct Case {
    const char* name;
    Shape shape;
    std::uint64_t programs, live;
};

// One for the whole program: what its programs leave is gone once they are reaped and reported.
class Collector {
public:
    Collector() {
        if (!process_.is_ready()) throw std::runtime_error(process_.why());
        reader_ = StatsReader::open(std::getenv("TIDEMARK_INSTANCE"));
        if (!reader_) throw std::runtime_error("the stats segment can't be read");
    }
    // Nobody runs, and what they left is dealt with.
    bool is_at_rest() const { return row().processes_running == 0; }
    tidemark_collector_row row() const {
        tidemark_collector_row row{};
        while (reader_->read(0, row) == TIDEMARK_READ_BUSY) {
        }
        return row;
    }

private:
    CollectorProcess process_;
    std::optional<StatsReader> reader_;
};

std::uint64_t lost(const tidemark_collector_row& row) {
    std::uint64_t sum = 0;
    for (int i = 0; i < 8; ++i)
        sum += row.lost_allocations[i] + row.lost_frees[i];
    return sum;
}

void rest_ms(long ms) {
    const timespec pause{ms / 1000, ms % 1000 * 1'000'000};
    nanosleep(&pause, nullptr);
}

// The programs, from the first buffer on; ended with the object.
class Programs {
public:
    explicit Programs(const Case& what) {
        for (std::uint64_t i = 0; i < what.programs; ++i) {
            const pid_t child = fork();
            if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                run_load(what.shape, what.live / what.programs, *filled_);
            }
            children_.push_back(child);
        }
    }
    ~Programs() {
        for (const pid_t child : children_)
            kill(child, SIGKILL);
        for (const pid_t child : children_)
            waitpid(child, nullptr, 0);
        munmap(filled_, 4096);
    }
    Programs(const Programs&) = delete;
    Programs& operator=(const Programs&) = delete;

    // All have their live buffers, and the collector knows them.
    bool are_filled() const { return filled_->load() == children_.size(); }

private:
    std::atomic<std::uint64_t>* filled_ = static_cast<std::atomic<std::uint64_t>*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    std::vector<pid_t> children_;
};

// Once what ran before is dealt with.
Collector& collector_at_rest() {
    static Collector one;
    for (int i = 0; i < 3000 && !one.is_at_rest(); ++i)
        rest_ms(10);
    return one;
}

void measure(benchmark::State& state, const Case& what, long window_ms) {
    const Collector* collector = nullptr;
    try {
        collector = &collector_at_rest();
    } catch (const std::exception& failure) {
        return refuse(state, failure.what());
    }
    const std::uint64_t lost_before = lost(collector->row());
    const Programs programs(what);
    for (int i = 0; i < 6000 && !programs.are_filled(); ++i)
        rest_ms(10);
    if (!programs.are_filled()) return refuse(state, "the programs did not get their buffers");
    std::uint64_t events = 0;
    for (auto _ : state) {
        const std::uint64_t before = collector->row().events, begun = shm::monotonic_ns();
        rest_ms(window_ms);
        events += collector->row().events - before;
        state.SetIterationTime(static_cast<double>(shm::monotonic_ns() - begun) * 1e-9);
    }
    // On a busy machine a program may wait in vain for space; what it then loses is counted, and said beside the figure.
    state.counters["lost"] = static_cast<double>(lost(collector->row()) - lost_before);
    state.SetItemsProcessed(static_cast<std::int64_t>(events));
}

void measure_bound(benchmark::State& state, std::uint64_t live, long window_ms) {
    try {
        collector_at_rest();
        measure_alone(state, live, window_ms);
    } catch (const std::exception& failure) {
        refuse(state, failure.what());
    }
}

void register_all(const Options& options) {
    static const Case kCases[] = {
        {"pairs", Shape::kPairs, 1, 1'000},     {"pairs", Shape::kPairs, 1, 10'000},
        {"pairs", Shape::kPairs, 8, 10'000},    {"pairs", Shape::kPairs, 64, 10'000},
        {"pairs", Shape::kPairs, 1, 1'000'000}, {"pairs", Shape::kPairs, 64, 1'000'000},
        {"growing", Shape::kGrowing, 1, 0},     {"mixed_threads", Shape::kMixed, 1, 512},
        {"pairs", Shape::kPairs, 1, 8'000'000}};
    const long window_ms = options.smoke ? 5 : 300;
    const auto add = [](const std::string& name, auto run) {
        benchmark::RegisterBenchmark(("pipeline/" + name).c_str(), run)
            ->Iterations(1)
            ->UseManualTime();
    };
    for (const Case& one : kCases) {
        if (options.smoke && (one.live > 10'000 || one.programs > 8)) continue;
        add(std::string(one.name) + "/" + std::to_string(one.programs) + "/" +
                std::to_string(one.live),
            [&one, window_ms](benchmark::State& state) { measure(state, one, window_ms); });
    }
    for (const std::uint64_t live : {1'000u, 10'000u, 1'000'000u, 8'000'000u}) {
        if (options.smoke && live > 10'000) continue;
        add("alone/" + std::to_string(live),
            [live, window_ms](benchmark::State& state) { measure_bound(state, live, window_ms); });
    }
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    tidemark::bench::require_tracking(true, argv);
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
