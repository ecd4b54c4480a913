// SPDX-License-Identifier: Apache-2.0
//
// How long does it take to read one usage row of the stats segment, at rest and while a writer publishes it without a
// pause on another processor? Against one relaxed atomic of the same process, and against asking the kernel what time
// it is. Batches of 256 reads are timed; p50 and p99 are those of the batches, per read, in nanoseconds.
#include <time.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "bench/harness.hpp"
#include "bench/stats_bed.hpp"
#include "tidemark/stats_reader.hpp"

namespace tidemark::bench {
namespace {

constexpr int kReads = 256;

std::uint64_t monotonic_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(now.tv_nsec);
}

// What the rivals read, and who writes it meanwhile if the benchmark says so.
struct Bed {
    StatsBed stats{1};
    std::optional<StatsReader> reader = StatsReader::open(stats.instance());
    alignas(128) std::atomic<std::uint64_t> counter{0};
};

class Writer {
public:
    Writer(Bed& bed, bool busy) {
        if (!busy) return;
        thread_ = std::thread([this, &bed] {
            pin_to(1);
            while (!stop_.load(std::memory_order_relaxed)) {
                bed.stats.publish(1);
                bed.counter.fetch_add(1, std::memory_order_relaxed);
            }
        });
    }
    ~Writer() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }

private:
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

// The rivals: one read each; false if it gave nothing.
struct UsageRow {
    bool operator()(Bed& bed) {
        const bool read = bed.reader->read(0, row) == TIDEMARK_READ_OK;
        benchmark::DoNotOptimize(row);
        return read;
    }
    tidemark_usage_row row;
};
struct RelaxedAtomic {
    bool operator()(Bed& bed) {
        benchmark::DoNotOptimize(bed.counter.load(std::memory_order_relaxed));
        return true;
    }
};
struct SystemClock {
    bool operator()(Bed&) {
        benchmark::DoNotOptimize(monotonic_ns());
        return true;
    }
};

double at_share(std::vector<double>& sorted, double share) {
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

template <class Rival>
void measure(benchmark::State& state, bool busy) {
    if (busy && allowed_processors().size() < 2) return refuse(state, "needs two processors");
    std::unique_ptr<Bed> bed;
    try {
        bed = std::make_unique<Bed>();
    } catch (const std::exception& failure) {
        return refuse(state, failure.what());
    }
    if (!bed->reader) return refuse(state, "the stats segment can't be read");
    pin_to(0);
    const Writer writer(*bed, busy);
    Rival rival;
    std::vector<double> batches;
    std::uint64_t nothing = 0;
    for (auto _ : state) {
        const std::uint64_t begun = monotonic_ns();
        for (int i = 0; i < kReads; ++i)
            nothing += !rival(*bed);
        batches.push_back(static_cast<double>(monotonic_ns() - begun) / kReads);
    }
    std::sort(batches.begin(), batches.end());
    state.counters["p50_ns"] = at_share(batches, 0.5);
    state.counters["p99_ns"] = at_share(batches, 0.99);
    state.counters["busy_answers"] = static_cast<double>(nothing);
    state.SetItemsProcessed(state.iterations() * kReads);
}

template <class Rival>
void add(const std::string& name) {
    for (const bool busy : {false, true}) {
        const std::string full = name + (busy ? "/writer_busy" : "/writer_idle");
        benchmark::RegisterBenchmark(full.c_str(),
                                     [busy](benchmark::State& s) { measure<Rival>(s, busy); });
    }
}

void register_all(const Options&) {
    add<UsageRow>("read/usage_row");
    add<RelaxedAtomic>("read/relaxed_atomic");
    add<SystemClock>("read/clock_gettime");
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
