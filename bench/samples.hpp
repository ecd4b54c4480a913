// SPDX-License-Identifier: Apache-2.0
//
// Many timings and their percentiles, taken with the processor's counter.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "shm/clock.hpp"

namespace tidemark::bench {

// Nanoseconds of a tick of shm::counter(), measured once against the system's clock.
inline double tick_ns() {
    static const double factor = [] {
        const std::uint64_t ticks = shm::counter(), ns = shm::monotonic_ns();
        while (shm::monotonic_ns() - ns < 20'000'000) {
        }
        const auto elapsed = static_cast<double>(shm::monotonic_ns() - ns);
        return elapsed / static_cast<double>(shm::counter() - ticks);
    }();
    return factor;
}

class Samples {
public:
    void add(std::uint64_t ticks) { ticks_.push_back(static_cast<double>(ticks)); }
    void add(const Samples& others) {
        ticks_.insert(ticks_.end(), others.ticks_.begin(), others.ticks_.end());
    }
    // Of the samples sorted, the one at this share, in ticks; 0 without samples.
    double at(double share) {
        if (ticks_.empty()) return 0;
        const auto place =
            static_cast<std::ptrdiff_t>(share * static_cast<double>(ticks_.size() - 1));
        std::nth_element(ticks_.begin(), ticks_.begin() + place, ticks_.end());
        return ticks_[static_cast<std::size_t>(place)];
    }

private:
    std::vector<double> ticks_;
};

// What two readings of the clock say with nothing between them, in ticks; taken off the figures of single calls.
inline double clock_cost() {
    static const double cost = [] {
        Samples samples;
        for (int i = 0; i < 4096; ++i) {
            const std::uint64_t begun = shm::counter_fenced();
            samples.add(shm::counter_fenced() - begun);
        }
        return samples.at(0.5);
    }();
    return cost;
}

// Nanoseconds of one call at this share of the samples, the clock's own cost taken off.
inline double single_ns(Samples& singles, double share) {
    return std::max(0.0, singles.at(share) - clock_cost()) * tick_ns();
}

}  // namespace tidemark::bench
