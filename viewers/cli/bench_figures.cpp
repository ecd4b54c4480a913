// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/bench_figures.hpp"

#include <dlfcn.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "viewers/cli/failure.hpp"
#include "viewers/cli/programs.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::cli {
namespace {

constexpr int kEventBatch = 64;
constexpr int kReadBatch = 256;
constexpr int kBetweenLooks = 4096;  // events
// A collector that gathers events rests for 2 ms at most (docs/decisions/gathering.md), and then sleeps if none came.
constexpr long kUntilAsleep_us = 6000;

std::uint64_t now() { return model::monotonic_now_ns(); }

Percentiles percentiles(std::vector<double>& samples) {
    if (samples.empty()) {
        return {};
    }
    std::sort(samples.begin(), samples.end());
    const auto last = static_cast<double>(samples.size() - 1);
    return {samples[static_cast<std::size_t>(last * 0.5)],
            samples[static_cast<std::size_t>(last * 0.99)]};
}

void rest_us(long microseconds) {
    const timespec pause{0, microseconds * 1000};
    nanosleep(&pause, nullptr);
}

// One kind of figure after the other; `share` of the time and of the progress each.
class Bench {
public:
    Bench(const BenchProducer& producer, const StatsReader& reader, double seconds,
          const std::function<void(double)>& go_on)
        : producer_(producer), reader_(reader), seconds_(seconds), go_on_(go_on) {}

    BenchFigures all() {
        BenchFigures figures;
        producer_.allocate(64);
        arrived(producer_.flush());
        figures.event = event(0.2);
        figures.row = row(0.2);
        figures.publication = publication(0.3);
        figures.events_a_second = throughput(0.3);
        figures.lost = producer_.lost();
        go_on_(1);
        return figures;
    }

private:
    static void arrived(bool all) {
        if (!all) {
            unavailable("what was appended did not reach the collector (`tidemark doctor` looks)");
        }
    }

    // Calls `step` again and again for this share of the time.
    template <class Step>
    void repeat(double share, Step step) {
        const std::uint64_t begun = now();
        const auto length = static_cast<std::uint64_t>(share * seconds_ * 1e9);
        std::uint64_t told = 0;
        for (std::uint64_t elapsed = 0; elapsed < length; elapsed = now() - begun) {
            step();
            if (elapsed - told > 1'000'000) {
                told = elapsed;
                go_on_(done_ + share * static_cast<double>(elapsed) / static_cast<double>(length));
            }
        }
        done_ += share;
    }

    void pairs(int events) {
        for (int i = 0; i < events / 2; ++i) {
            producer_.allocate(128);
            producer_.free(128);
        }
    }

    // About a million a second, so that there is always room.
    Percentiles event(double share) {
        std::vector<double> samples;
        repeat(share, [&] {
            const std::uint64_t begun = now();
            pairs(kEventBatch);
            samples.push_back(static_cast<double>(now() - begun) / kEventBatch);
            rest_us(10);
        });
        return percentiles(samples);
    }

    Percentiles row(double share) {
        std::vector<double> samples;
        tidemark_usage_row row;
        repeat(share, [&] {
            const std::uint64_t begun = now();
            for (int i = 0; i < kReadBatch; ++i) {
                arrived(reader_.read(0, row) == TIDEMARK_READ_OK);
                __asm__ volatile("" : : "r"(&row) : "memory");  // every read is made
            }
            samples.push_back(static_cast<double>(now() - begun) / kReadBatch);
        });
        return percentiles(samples);
    }

    std::uint64_t readable() const {
        tidemark_usage_row row;
        return reader_.read(0, row) == TIDEMARK_READ_OK ? row.allocations : 0;
    }

    Percentiles publication(double share) {
        std::vector<double> samples;
        arrived(producer_.flush());
        std::uint64_t expected = readable();
        repeat(share, [&] {
            rest_us(kUntilAsleep_us);
            const std::uint64_t begun = now();
            producer_.allocate(128);
            ++expected;
            while (readable() < expected) {
                arrived(now() - begun < 10'000'000'000);
            }
            samples.push_back(static_cast<double>(now() - begun));
            producer_.free(128);
        });
        return percentiles(samples);
    }

    std::uint64_t applied() const {
        tidemark_usage_row row;
        return reader_.read(0, row) == TIDEMARK_READ_OK ? row.allocations + row.frees : 0;
    }

    double throughput(double share) {
        arrived(producer_.flush());
        const std::uint64_t before = applied(), begun = now();
        repeat(share, [&] { pairs(kBetweenLooks); });
        arrived(producer_.flush());
        const auto elapsed = static_cast<double>(now() - begun);
        return static_cast<double>(applied() - before) * 1e9 / elapsed;
    }

    const BenchProducer& producer_;
    const StatsReader& reader_;
    double seconds_;
    const std::function<void(double)>& go_on_;
    double done_ = 0;
};

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
}

}  // namespace

bool BenchProducer::load(const std::string& instance) {
    const Found found = find_producer_library();
    if (found.path.empty()) {
        error_ = found.error;
        return false;
    }
    for (const char* name : {"TT_ALLOC_TRACKING_ENABLED", "TIDEMARK_POLICY", "TIDEMARK_RING_BUDGET",
                             "TIDEMARK_STACKS"}) {
        ::unsetenv(name);
    }
    ::setenv("TIDEMARK_ENABLED", "1", 1);
    ::setenv("TIDEMARK_INSTANCE", instance.c_str(), 1);
    void* const library = dlopen(found.path.c_str(), RTLD_NOW | RTLD_LOCAL);
    const bool complete = library != nullptr && find(library, "tidemark_allocation", allocation_) &&
                          find(library, "tidemark_free", free_) &&
                          find(library, "tidemark_flush", flush_) &&
                          find(library, "tidemark_get_status", status_);
    if (!complete) {
        const char* const why = dlerror();
        error_ = found.path + " could not be loaded: " + (why != nullptr ? why : "unknown");
    }
    return complete;
}

bool BenchProducer::flush() const { return flush_(10'000) == TIDEMARK_FLUSH_PUBLISHED; }

std::uint64_t BenchProducer::lost() const {
    tidemark_status status{};
    status_(&status, sizeof status);
    std::uint64_t sum = 0;
    for (const auto& cause : status.lost) {
        sum += cause.allocations + cause.frees;
    }
    return sum;
}

BenchFigures measure(const BenchProducer& producer, const StatsReader& reader, double seconds,
                     const std::function<void(double)>& go_on) {
    return Bench(producer, reader, seconds, go_on).all();
}

}  // namespace tidemark::cli
