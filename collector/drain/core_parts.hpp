// SPDX-License-Identifier: Apache-2.0
//
// What the core is made of, and the steps of its loop. For the files core*.cpp alone; others know core.hpp.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "collector/core.hpp"
#include "collector/drain/fair_share.hpp"
#include "collector/drain/gathering.hpp"
#include "collector/drain/pass.hpp"
#include "collector/drain/publisher.hpp"
#include "collector/drain/registry.hpp"
#include "shm/bell_slots.hpp"

namespace tidemark::collector {

// Drain thread only, but for the tasks and `stop`.
struct Core::Parts {
    Parts(const Configuration& c, SinkPort& s)
        : configuration(c), sinks(s), bells(c.instance, generation) {}

    Configuration configuration;
    SinkPort& sinks;
    const std::uint64_t generation = new_generation();
    CollectorCounters counters;
    ClockCalibration clock;
    Ledger ledger;
    Totals totals{ledger};
    StatsSegment stats;
    shm::BellSlots bells;
    std::unique_ptr<Publisher> publisher;
    std::unique_ptr<Registry> registry;
    std::unique_ptr<Pass> pass;
    Gathering gathering;
    FairShare share{configuration.limits.image_quantum};

    std::mutex tasks_mutex;
    std::vector<std::function<void(Core&)>> tasks;
    std::atomic<bool> stop{false};
    std::uint64_t next_heartbeat = 0;
    std::uint64_t next_measure = 0;
    std::uint64_t live_words_cursor = 0;
    bool stopped_halfway = false;     // the last turn, and may go on at once
    bool found_something = false;     // that keeps the next rest short
    bool polls = false;               // a watched ring's producer rings no bell
    std::uint64_t slots_version = 0;  // that rings were told of
    bool slots_may_have_moved = false;
    bool starved = false;                    // told: no space to drain
    bool replacing = false;                  // told: the stats segment was removed
    std::vector<std::uint64_t> busy_images;  // numbers of those that the last pass moved
    std::vector<std::uint64_t> newcomers;    // attached since the last heartbeat
    std::function<void(std::uint64_t image, std::uint32_t device)> on_covered;

    static std::uint64_t new_generation();
    bool run_tasks(Core& core);
    std::vector<Image*> with_news(bool all);
    bool look_before_sleep();
    std::uint64_t turn(bool all);
    std::uint64_t drain(const std::vector<Image*>& images, std::uint32_t most, bool all);
    void tell_starved();
    bool retire_ended();
    void retire_all_ended();
    void heartbeat();
    void publish_missing(std::vector<Image*> images);
    std::vector<Image*> not_shown_yet();
    void look_at_live_words();
    void measure_rings();
    void replace_stats_segment();
    bool prepare_ahead();
    bool has_work();
    void pause(std::uint64_t events);
    void gather();
    void sleep();
    void rest();
    void finish();
};

}  // namespace tidemark::collector
