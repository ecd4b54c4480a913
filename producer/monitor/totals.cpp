// SPDX-License-Identifier: Apache-2.0
//
// Totals of a device over all programs, from the stats segment: the one part of this library that reads instead of
// tells.
#include <errno.h>
#include <pthread.h>

#include <exception>
#include <optional>

#include "producer/monitor/lock.hpp"
#include "shm/clock.hpp"
#include "tidemark/client.hpp"
#include "tidemark/producer.hpp"
#include "tidemark/stats_reader.hpp"

namespace tidemark::client {
namespace {

constexpr std::uint32_t kPatience_ms = 100;
constexpr std::uint64_t kFresh_ns = 2'000'000'000;  // a collector beats every 500 ms

// One map for all threads. Never destroyed.
struct Source {
    monitor::Lock lock;
    std::optional<StatsReader> reader;
};

Source& source() {
    static Source* const only = [] {
        auto* made = new Source;
        pthread_atfork([] { source().lock.lock(); }, [] { source().lock.unlock(); },
                       [] { source().lock.unlock(); });
        return made;
    }();
    return *only;
}

bool is_alive(const StatsReader& reader) noexcept {
    if (reader.state() != TIDEMARK_COLLECTOR_RUNNING) return false;
    const std::uint64_t now = shm::monotonic_ns();
    const std::uint64_t beat = reader.heartbeat_monotonic_ns();
    return beat >= now || now - beat < kFresh_ns;
}

std::uint64_t* figure_of(DeviceTotals& totals, std::uint32_t pool) noexcept {
    switch (pool) {
        case TIDEMARK_POOL_DRAM:
            return &totals.dram;
        case TIDEMARK_POOL_L1:
            return &totals.l1;
        case TIDEMARK_POOL_SYSTEM_MEMORY:
            return &totals.system_memory;
        case TIDEMARK_POOL_L1_SMALL:
            return &totals.l1_small;
        case TIDEMARK_POOL_TRACE:
            return &totals.trace;
        case TIDEMARK_POOL_CB:
            return &totals.cb;
        case TIDEMARK_POOL_KERNEL:
            return &totals.kernel;
        default:
            return nullptr;
    }
}

void add(DeviceTotals& totals, const StatsReader& reader, std::uint32_t device) {
    for (const auto& row : reader.all<tidemark_usage_row>()) {
        if (row.device != device) continue;
        if (std::uint64_t* figure = figure_of(totals, row.pool)) *figure = row.current;
    }
    totals.is_available = true;
}

}  // namespace

DeviceTotals query_device(int device) noexcept {
    DeviceTotals totals;
    if (device < 0) return totals;
    tidemark::flush(kPatience_ms);
    const int saved = errno;
    try {
        Source& from = source();
        const monitor::Guard guard(from.lock);
        // A superseded, stopped or silent collector's segment: there may be another one by now.
        if (!from.reader || !is_alive(*from.reader)) from.reader = StatsReader::open();
        if (from.reader && is_alive(*from.reader))
            add(totals, *from.reader, static_cast<std::uint32_t>(device));
    } catch (const std::exception&) {
        totals = {};
    }
    errno = saved;
    return totals;
}

}  // namespace tidemark::client
