// SPDX-License-Identifier: Apache-2.0
//
// What bounds pipeline.cpp: the live table with its journal alone, fed from memory for as long as the pipeline is looked
// at. Made anew each time, as the programs are, and gone before they are started.
#pragma once

#include <cstdint>

#include "bench/apply_batch.hpp"
#include "bench/apply_feed.hpp"
#include "bench/apply_stores.hpp"
#include "bench/harness.hpp"
#include "shm/clock.hpp"

namespace tidemark::bench {

// Throws if there is no memory for it.
inline void measure_alone(benchmark::State& state, std::uint64_t live, long window_ms) {
    const ApplyFeed feed(live, pairs_for(live), false);
    TableStore table(live);
    apply_all(table, feed.first());
    const auto& circle = feed.circle();
    std::uint64_t events = 0;
    for (auto _ : state) {
        const std::uint64_t begun = shm::monotonic_ns();
        const std::uint64_t end = begun + static_cast<std::uint64_t>(window_ms) * 1'000'000;
        std::uint64_t now = begun;
        for (; now < end; now = shm::monotonic_ns(), events += kBatch)
            apply_batch(table, circle.data() + events % circle.size(), kBatch);
        state.SetIterationTime(static_cast<double>(now - begun) * 1e-9);
    }
    if (table.live() != live) return refuse(state, "the live buffers are not what they should be");
    state.SetItemsProcessed(static_cast<std::int64_t>(events));
}

}  // namespace tidemark::bench
