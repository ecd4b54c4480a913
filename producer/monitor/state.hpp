// SPDX-License-Identifier: Apache-2.0
//
// All of a monitor's memory. One lies in zeroed static storage, for Monitor::instance(); tests make more.
#pragma once

#include "producer/monitor/pool_line.hpp"
#include "producer/monitor/registry.hpp"
#include "tidemark/monitor.hpp"

namespace tidemark::monitor {

// When things happened: raw ticks until somebody asks for a time.
struct Clock {
    bool is_counter;
    std::uint64_t begun_ticks;
    std::uint64_t begun_ns;  // CLOCK_MONOTONIC

    void begin() noexcept;
    std::uint64_t now() const noexcept;
    // Between two readings of both clocks, so the error is that of the readings. now: what now() says, and its time.
    std::int64_t time_of(std::uint64_t ticks, std::uint64_t now_ticks,
                         std::uint64_t now_ns) const noexcept;
};

using Counter = std::atomic<std::uint64_t>;

struct Problems {
    Counter unknown_frees, ambiguous_frees, invalid, nested, out_of_memory;
};

inline void count(Counter& counter) noexcept { counter.fetch_add(1, std::memory_order_relaxed); }

}  // namespace tidemark::monitor

namespace tidemark {

struct Monitor::State {
    monitor::PoolLine lines[kMaxDevices][8];
    monitor::Shard shards[monitor::Arena::kShards];
    monitor::Arena arena;
    monitor::Clock clock;
    monitor::Problems problems;
    std::atomic<std::uint32_t> was_told;

    void lock_all() noexcept;
    void unlock_all() noexcept;
};

}  // namespace tidemark
