// SPDX-License-Identifier: Apache-2.0
//
// The one loop of "what does a program pay that could be tracked and isn't?", for disabled.cpp and lttng.cpp.
#pragma once

#include <string>

#include "bench/harness.hpp"

namespace tidemark::bench {

template <class Rival>
void measure_disabled(benchmark::State& state, bool (*is_on)()) {
    if (is_on()) return refuse(state, "tracking is on");
    const Rival rival;
    std::uint64_t number = 0;
    for (auto _ : state)
        rival(++number);
    state.SetItemsProcessed(state.iterations());
}

// `is_on`: whether, against what is asked here, events are recorded.
template <class Rival>
void add_disabled(const std::string& name, bool (*is_on)()) {
    benchmark::RegisterBenchmark(("disabled/" + name).c_str(), [is_on](benchmark::State& state) {
        measure_disabled<Rival>(state, is_on);
    });
}

}  // namespace tidemark::bench
