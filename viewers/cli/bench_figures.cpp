// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/bench_figures.hpp"

#include <time.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "viewers/cli/bench_buffers.hpp"
#include "viewers/cli/failure.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::cli {
namespace {

constexpr int kEventBatch = 64;
constexpr int kReadBatch = 256;
constexpr int kBetweenLooks = 64;      // batches of events
constexpr std::uint64_t kAlone = 128;  // the id of a buffer that is none of the 10,000
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
        for (std::size_t place = 0; place < BenchBuffers::kLive; ++place) {
            producer_.allocate(BenchBuffers::first_id(place));
        }
        arrived(producer_.flush());
        figures.stamp_kind = stamp_kind();
        figures.stamp = stamp(figures.stamp_kind, 0.05);
        figures.event = event(0.2);
        figures.row = row(0.15);
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

    // Answers how long they took, without choosing them.
    std::uint64_t batch_of_events() {
        const auto pairs = buffers_.next<kEventBatch / 2>();
        const std::uint64_t begun = now();
        for (const BenchBuffers::Pair& pair : pairs) {
            producer_.free(pair.freed);
            producer_.allocate(pair.allocated);
        }
        return now() - begun;
    }

    Stamp stamp_kind() const {
        tidemark_collector_row row;
        arrived(reader_.read(0, row) == TIDEMARK_READ_OK);
        return stamp_of(row.clock_ns_per_tick_q32);
    }

    template <Stamp kind>
    Percentiles stamps(double share) {
        std::vector<double> samples;
        repeat(share, [&] {
            const std::uint64_t begun = now();
            for (int i = 0; i < kEventBatch; ++i) {
                const std::uint64_t taken = take_stamp<kind>();
                __asm__ volatile("" : : "r"(taken));
            }
            samples.push_back(static_cast<double>(now() - begun) / kEventBatch);
        });
        return percentiles(samples);
    }

    Percentiles stamp(Stamp kind, double share) {
        switch (kind) {
            case Stamp::kKernel:
                return stamps<Stamp::kKernel>(share);
            case Stamp::kCounterFenced:
                return stamps<Stamp::kCounterFenced>(share);
            default:
                return stamps<Stamp::kCounter>(share);
        }
    }

    // About a million a second, so that there is always room.
    Percentiles event(double share) {
        std::vector<double> samples;
        repeat(share, [&] {
            samples.push_back(static_cast<double>(batch_of_events()) / kEventBatch);
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
            producer_.allocate(kAlone);
            ++expected;
            while (readable() < expected) {
                arrived(now() - begun < 10'000'000'000);
            }
            samples.push_back(static_cast<double>(now() - begun));
            producer_.free(kAlone);
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
        repeat(share, [&] {
            for (int i = 0; i < kBetweenLooks; ++i) {
                batch_of_events();
            }
        });
        arrived(producer_.flush());
        const auto elapsed = static_cast<double>(now() - begun);
        return static_cast<double>(applied() - before) * 1e9 / elapsed;
    }

    const BenchProducer& producer_;
    const StatsReader& reader_;
    double seconds_;
    const std::function<void(double)>& go_on_;
    BenchBuffers buffers_;
    double done_ = 0;
};

}  // namespace

BenchFigures measure(const BenchProducer& producer, const StatsReader& reader, double seconds,
                     const std::function<void(double)>& go_on) {
    return Bench(producer, reader, seconds, go_on).all();
}

}  // namespace tidemark::cli
