// SPDX-License-Identifier: Apache-2.0
//
// What a tick is worth: measured over a baseline that grows from the collector's start, so the error shrinks with
// time. The one place that converts; the factors are published for readers.
#pragma once

#include <cstdint>

#include "shm/clock.hpp"

namespace tidemark::collector {

// Drain thread only.
class ClockCalibration {
public:
    // Takes about 2 ms the first time, to have a baseline at all.
    ClockCalibration() noexcept : kind_(shm::choose_clock()) {
        start_ = sample();
        if (kind_ == shm::ClockKind::kMonotonic) return;
        while (shm::monotonic_ns() - start_.monotonic_ns < 2'000'000) {
        }
        refresh();
    }

    // At each heartbeat: longer baseline, and CLOCK_REALTIME followed where it stepped.
    void refresh() noexcept {
        last_ = sample();
        const std::uint64_t ns = last_.monotonic_ns - start_.monotonic_ns;
        const std::uint64_t ticks = last_.ticks - start_.ticks;
        if (kind_ == shm::ClockKind::kMonotonic || ticks == 0) return;
        ns_per_tick_q32_ =
            static_cast<std::uint64_t>(static_cast<Wide>(ns) * (std::uint64_t{1} << 32) / ticks);
    }

    shm::ClockKind kind() const noexcept { return kind_; }
    std::uint64_t now() const noexcept { return shm::read_clock(kind_); }
    std::uint64_t base_ticks() const noexcept { return last_.ticks; }
    std::uint64_t base_unix_ns() const noexcept { return last_.unix_ns; }
    std::uint64_t ns_per_tick_q32() const noexcept { return ns_per_tick_q32_; }

    std::uint64_t ticks_of(std::uint64_t ns) const noexcept {
        return static_cast<std::uint64_t>((static_cast<Wide>(ns) << 32) / ns_per_tick_q32_);
    }
    std::uint64_t ns_of(std::uint64_t ticks) const noexcept {
        return static_cast<std::uint64_t>((static_cast<Wide>(ticks) * ns_per_tick_q32_) >> 32);
    }
    // A CLOCK_MONOTONIC stamp, of a program that could not find out about the counter, as ticks.
    std::uint64_t from_monotonic(std::uint64_t ns) const noexcept {
        if (kind_ == shm::ClockKind::kMonotonic) return ns;
        return ns >= last_.monotonic_ns ? last_.ticks + ticks_of(ns - last_.monotonic_ns)
                                        : last_.ticks - ticks_of(last_.monotonic_ns - ns);
    }
    std::uint64_t unix_ns(std::uint64_t stamp) const noexcept {
        return stamp >= last_.ticks ? last_.unix_ns + ns_of(stamp - last_.ticks)
                                    : last_.unix_ns - ns_of(last_.ticks - stamp);
    }

private:
    __extension__ using Wide = unsigned __int128;
    struct Sample {
        std::uint64_t ticks = 0, monotonic_ns = 0, unix_ns = 0;
    };
    Sample sample() const noexcept {
        Sample s;
        s.monotonic_ns = shm::monotonic_ns();
        s.ticks = shm::read_clock(kind_);
        s.unix_ns = shm::monotonic_ns(CLOCK_REALTIME);
        return s;
    }

    shm::ClockKind kind_;
    Sample start_, last_;
    std::uint64_t ns_per_tick_q32_ = std::uint64_t{1} << 32;
};

}  // namespace tidemark::collector
