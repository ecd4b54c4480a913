// SPDX-License-Identifier: Apache-2.0
//
// A world for the screens' tests: what a segment of `a_busy_machine` says, two seconds of trails, a minute of history;
// the same in every run.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <ctime>

#include "unit/viewers/fake_collector.hpp"
#include "viewers/tui/state.hpp"
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

// The same with a program whose live buffers grew by 2,777 while it was watched.
inline tui::World leaking_world() {
    tui::World world = busy_world();
    auto& processes = world.snapshot.processes;
    const auto trainer = std::find_if(processes.begin(), processes.end(), [](const auto& process) {
        return process.image == kTrainer;
    });
    world.trails = {};
    for (std::uint64_t i = 0; i < 600; ++i) {
        trainer->usage[0].live = 100'000 + i * 2777 / 599;
        world.trails.sample(world.snapshot, 1);
    }
    world.growth = model::GrowthFindings{{{0, 0, "DRAM", 100 << 20, 700 << 20, 754'000}}, true};
    return world;
}

// The same with the trainer open: ten buffers of one call site.
inline tui::World open_world() {
    tui::World world = busy_world();
    tui::Detail& detail = world.detail.emplace();
    detail.image = kTrainer;
    model::SizeHistogram sizes;
    sizes.counts[12] = 40;
    sizes.counts[19] = 10;
    detail.histograms = {sizes};
    model::BufferList list;
    for (std::uint64_t i = 0; i < 10; ++i) {
        list.buffers.push_back({kTrainer, 31337, 0, list.pool_index("SYSTEM_MEMORY"),
                                0x5593822c12a0 + i * 0x1111, 1000 << 10, 3599'000, 0});
    }
    tui::HeldBuffers& held = detail.buffers.emplace();
    held.count = 10;
    held.largest = held.oldest = list;
    return world;
}

inline tui::State open_state(std::size_t columns, std::size_t rows) {
    tui::State state;
    state.size = {columns, rows};
    state.view = tui::View::kDetail;
    state.opened = kTrainer;
    return state;
}

}  // namespace tidemark::test
