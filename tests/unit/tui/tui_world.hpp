// SPDX-License-Identifier: Apache-2.0
//
// A world for the screens' tests: what a segment of `a_busy_machine` says, two seconds of trails, a minute of history;
// the same in every run.
#pragma once

#include <doctest/doctest.h>

#include <clocale>
#include <cstdlib>
#include <ctime>

#include "unit/viewers/fake_collector.hpp"
#include "viewers/tui/world.hpp"

namespace tidemark::test {

inline model::Snapshot fixed_snapshot(FakeCollector& collector) {
    model::SourceOptions options;
    options.instance = collector.instance();
    model::StatsSource::Error error;
    auto source = model::StatsSource::open(options, error);
    REQUIRE_MESSAGE(source.has_value(), error.text);
    model::Snapshot snapshot = source->read();
    snapshot.time_unix_ns = kStart + 120'000'000'000;
    snapshot.collector.instance = "test";
    snapshot.collector.heartbeat_age_ms = 100;
    for (model::Process& process : snapshot.processes) {
        process.user = "someone";
        process.start_ticks = 4711;
    }
    return snapshot;
}

// Times are shown as local ones: the zone is fixed too.
inline tui::World busy_world() {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    FakeCollector collector("tui");
    a_busy_machine(collector);
    tui::World world;
    world.snapshot = fixed_snapshot(collector);
    model::Snapshot before = world.snapshot;
    for (model::Process& process : before.processes) {
        for (model::PoolUsage& pool : process.usage) {
            pool.total_allocated -= 1024;
            pool.allocations -= 1;
            pool.live -= 1;
        }
    }
    for (model::Device& device : before.devices) {
        for (model::PoolUsage& pool : device.pools)
            pool.total_allocated -= 2048;
    }
    world.trails.sample(before, 1);
    world.trails.sample(world.snapshot, 1);
    for (const model::Process& process : world.snapshot.processes) {
        world.sums.push_back(tui::sums_of(process, world.trails));
    }
    for (const model::Device& device : world.snapshot.devices) {
        for (const model::PoolUsage& pool : device.pools) {
            model::PoolHistory history{pool.device, pool.pool,     pool.pool_name,
                                       0,           1'000'000'000, {}};
            for (std::uint64_t i = 0; i < 60; ++i) {
                const std::uint64_t held = pool.current * (i + 1) / 60;
                const bool away = i >= 20 && i < 26;  // the collector was
                history.points.push_back(away ? model::HistoryPoint{}
                                              : model::HistoryPoint{held, held});
            }
            world.history.push_back(history);
        }
    }
    return world;
}

}  // namespace tidemark::test
