// SPDX-License-Identifier: Apache-2.0
//
// Keeps a World up to date, for little: the tables are read when something was published, histories, sensors and trails
// once a second, a process's buffers while it is open and at most for a hundredth of the time.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "viewers/model/filter.hpp"
#include "viewers/model/stats_source.hpp"
#include "viewers/sensors/sensors.hpp"
#include "viewers/tui/buffer_work.hpp"
#include "viewers/tui/state.hpp"
#include "viewers/tui/world.hpp"

namespace tidemark::tui {

struct FeedOptions {
    model::SourceOptions source;
    model::Filter filter;
    std::string instance;  // the one meant, to be named while no collector runs
    std::string sysfs_root;
    model::Assignment assignment;
};

class Feed {
public:
    explicit Feed(FeedOptions options);

    // One look. True if what is shown may have changed.
    bool look(World& world, const State& state);

    // The next look has the buffers of the process that is open read; it does not wait for them.
    void open() { detail_due_ns_ = 0; }

    // True if such buffers were there to be shown. `news()` is readable as long as they wait.
    bool take_buffers(World& world);
    int news() const { return work_.fd(); }

private:
    bool read_figures(World& world);
    void each_second(World& world, const State& state, std::uint64_t now);
    void read_growth(World& world);
    void read_detail(World& world, std::uint64_t image);
    // Names and capacities that sensors know.
    void complete(World& world);
    void take_over(World& world);
    void take_over_changes(World& world, const std::vector<std::size_t>& processes);

    FeedOptions options_;
    sensors::Sensors sensors_;
    model::Hardware hardware_;  // as the sensors were a second ago at most
    std::optional<model::StatsSource> source_;
    std::uint64_t second_due_ns_ = 0;  // CLOCK_MONOTONIC
    std::uint64_t last_second_ns_ = 0;
    std::uint64_t source_due_ns_ = 0;
    std::uint64_t detail_due_ns_ = 0;
    BufferWork work_;
};

}  // namespace tidemark::tui
