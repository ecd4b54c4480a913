// SPDX-License-Identifier: Apache-2.0
//
// What does it cost to publish? All rows of a pass in which 1 or 100 images moved (their rows, the pool's, the device's,
// its memory's, history, the collector's own), and one row through its latch against a plain copy of the same bytes,
// which readers would see torn.
#include <cstring>
#include <exception>
#include <map>
#include <memory>

#include "bench/harness.hpp"
#include "bench/stats_bed.hpp"
#include "shm/latch.hpp"

namespace tidemark::bench {
namespace {

void measure_pass(benchmark::State& state) {
    static std::map<std::uint32_t, std::unique_ptr<StatsBed>> beds;
    const auto images = static_cast<std::uint32_t>(state.range(0));
    try {
        if (!beds[images]) beds[images] = std::make_unique<StatsBed>(images);
    } catch (const std::exception& failure) {
        return refuse(state, failure.what());
    }
    for (auto _ : state)
        beds[images]->publish(images);
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

constexpr std::uint32_t kPayload = sizeof(tidemark_usage_row);

struct Latch {
    void operator()(std::byte* row, const tidemark_usage_row& payload) const {
        shm::publish_row(row, kPayload, payload);
    }
};
struct PlainCopy {
    void operator()(std::byte* row, const tidemark_usage_row& payload) const {
        std::memcpy(row + TIDEMARK_STATS_ROW_PREFIX, &payload, kPayload);
    }
};

template <class Rival>
void measure_row(benchmark::State& state) {
    alignas(64) static std::byte row[TIDEMARK_STATS_ROW_PREFIX + 2 * kPayload];
    tidemark_usage_row payload{};
    const Rival rival;
    std::byte* place = row;
    benchmark::DoNotOptimize(place);  // others may look at it: the bytes must be written
    for (auto _ : state) {
        ++payload.current;
        rival(place, payload);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations());
}

void register_all(const Options& options) {
    auto* pass = benchmark::RegisterBenchmark("publish/pass", measure_pass)->Arg(1);
    if (!options.smoke) pass->Arg(100);
    benchmark::RegisterBenchmark("publish/row_latch", measure_row<Latch>);
    benchmark::RegisterBenchmark("publish/row_plain_copy", measure_row<PlainCopy>);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
