// SPDX-License-Identifier: Apache-2.0
//
// Rows of devices, memories and history. Where a name or capacity comes from: configuration, then what the machine
// says, then the first program that declares it; what contradicts it later is counted.
#include <sys/sysinfo.h>

#include <algorithm>
#include <cstring>

#include "collector/drain/publisher.hpp"
#include "shm/latch.hpp"

namespace tidemark::collector {

Publisher::Publisher(StatsSegment& stats, Ledger& ledger, Totals& totals,
                     const ClockCalibration& clock, const Configuration& configuration,
                     SinkPort& sinks)
    : stats_(stats),
      ledger_(ledger),
      totals_(totals),
      clock_(clock),
      configuration_(configuration),
      sinks_(sinks),
      device_shares_(StatsSegment::places(TIDEMARK_TABLE_DEVICE)),
      history_shares_(StatsSegment::places(TIDEMARK_TABLE_HISTORY)) {
    for (const DeviceConfiguration& facts : configuration.devices) {
        Device& d = own_device(facts.device);
        d.facts = facts;
        d.fixed = true;
    }
    Device& host = own_device(TIDEMARK_DEVICE_HOST);
    if (host.facts.name.empty()) host.facts.name = "host";
    struct sysinfo information {};
    if (host.facts.capacity[TIDEMARK_MEMORY_HOST] == 0 && sysinfo(&information) == 0) {
        host.facts.capacity[TIDEMARK_MEMORY_HOST] =
            std::uint64_t{information.totalram} * information.mem_unit;
    }
    host.used_memory[TIDEMARK_MEMORY_HOST] = true;
}

Publisher::Device& Publisher::own_device(std::uint32_t number) {
    const auto [place, fresh] = devices_.try_emplace(number);
    if (fresh) {
        place->second.facts.device = number;
        place->second.row = static_cast<std::uint32_t>(devices_.size() - 1);
    }
    return place->second;
}

Publisher::Device* Publisher::device(std::uint32_t number, std::uint32_t uid) {
    const auto known = devices_.find(number);
    if (known != devices_.end()) return &known->second;
    // Once the table is full a device gets a row that can't be published, and is counted as such.
    if (!device_shares_.take(uid) && !device_shares_.is_spent()) {
        devices_refused_.insert(number);
        return nullptr;
    }
    devices_refused_.erase(number);  // another user knows it
    return &own_device(number);
}

void Publisher::declare(const shm::Declarations& declarations, std::uint32_t uid) {
    for (const shm::DeviceDeclaration& said : declarations.devices) {
        if (said.ready != 1 || said.device > TIDEMARK_DEVICE_HOST) continue;
        Device* owned = device(said.device, uid);
        if (owned == nullptr) continue;
        Device& d = *owned;
        const auto settle = [&](auto& known, const auto& claimed, bool unknown, bool claims) {
            if (!claims) return;
            if (unknown) {
                known = claimed;
                d.dirty = true;
            } else if (known != claimed) {
                ++d.conflicts;
                d.dirty = true;
            }
        };
        settle(d.facts.name, std::string(said.name), d.facts.name.empty(), said.name[0] != '\0');
        for (int m = 0; m < TIDEMARK_MEMORY_COUNT; ++m) {
            settle(d.facts.capacity[m], said.capacity[m], d.facts.capacity[m] == 0,
                   said.capacity[m] != 0);
        }
    }
}

void Publisher::publish_devices() {
    for (auto& [number, d] : devices_) {
        if (!d.dirty) continue;
        tidemark_device_row row{};
        row.in_use = 1;
        row.device = number;
        row.kind = number == TIDEMARK_DEVICE_HOST ? TIDEMARK_DEVICE_KIND_HOST
                                                  : TIDEMARK_DEVICE_KIND_ACCELERATOR;
        row.arch = d.facts.arch;
        row.dram_channels = d.facts.dram_channels;
        row.dram_per_channel = d.facts.dram_per_channel;
        row.l1_per_core = d.facts.l1_per_core;
        row.conflicts = d.conflicts;
        std::strncpy(row.name, d.facts.name.c_str(), sizeof row.name - 1);
        bool again = lacks_space(TIDEMARK_TABLE_DEVICE, d.row, row);
        std::uint64_t allocated[TIDEMARK_MEMORY_COUNT] = {};
        for (const Total& total : totals_.all()) {
            if (total.row->device == number && total.row->memory < TIDEMARK_MEMORY_COUNT) {
                allocated[total.row->memory] += total.current;
            }
        }
        for (std::uint32_t m = 0; m < TIDEMARK_MEMORY_COUNT; ++m) {
            if (d.used_memory[m] || d.facts.capacity[m] != 0)
                again |= publish_memory(d, m, allocated[m]);
        }
        d.dirty = again;
    }
}

void Publisher::publish_regions(std::vector<tidemark_region_row> rows) {
    const std::size_t before = regions_.size();
    const auto same = [](tidemark_region_row a, tidemark_region_row b) {
        a.pass = b.pass = 0;
        return std::memcmp(&a, &b, sizeof a) == 0;
    };
    if (std::equal(rows.begin(), rows.end(), regions_.begin(), regions_.end(), same)) return;
    regions_ = std::move(rows);
    ++pass_;
    stats_.begin_pass(pass_);
    for (std::size_t i = 0; i < std::max(before, regions_.size()); ++i) {
        tidemark_region_row row = i < regions_.size() ? regions_[i] : tidemark_region_row{};
        publish_row(TIDEMARK_TABLE_REGION, static_cast<std::uint32_t>(i), row);
    }
    stats_.set_rows_used(TIDEMARK_TABLE_REGION, static_cast<std::uint32_t>(regions_.size()));
    stats_.end_pass(pass_);
}

// True: for want of space it must be done again.
bool Publisher::publish_memory(Device& d, std::uint32_t memory, std::uint64_t allocated) {
    if (d.memory_rows[memory] == UINT32_MAX) d.memory_rows[memory] = next_memory_row_++;
    tidemark_memory_row row{};
    row.in_use = 1;
    row.device = d.facts.device;
    row.memory = memory;
    row.capacity = d.facts.capacity[memory];
    row.capacity_known = row.capacity != 0 ? 1 : 0;
    row.allocated = allocated;
    return lacks_space(TIDEMARK_TABLE_MEMORY, d.memory_rows[memory], row);
}

// Gives the total a row of the history table, unless its maker has its share of them. False: it has none, or there is no
// space for it now.
bool Publisher::has_history(std::uint32_t index, const Total& total) {
    if (index >= history_rows_.size()) history_rows_.resize(index + 1, kToBeTold);
    std::uint32_t& known = history_rows_[index];
    if (known != kToBeTold) return known != kNoHistory;
    const std::uint32_t uid = Ledger::maker(*total.row);
    if (!history_shares_.take(uid)) {
        known = kNoHistory;
        ++(history_shares_.is_spent() ? histories_dropped_ : histories_refused_);
        return false;
    }
    if (!stats_.make_samples_ready(histories_)) {
        history_shares_.give_back(uid);
        return false;
    }
    known = histories_++;
    stats_.inherit_samples(known, total.row->device, total.row->pool_name);
    tidemark_history_row row{};
    row.in_use = 1;
    row.device = total.row->device;
    row.pool = total.row->pool;
    row.fine_offset = stats_.samples_offset(known, false);
    row.coarse_offset = stats_.samples_offset(known, true);
    std::memcpy(row.pool_name, total.row->pool_name, sizeof row.pool_name);
    publish_row(TIDEMARK_TABLE_HISTORY, known, row);
    return true;
}

void Publisher::publish_history(std::uint32_t index, Total& total, std::uint64_t unix_ns) {
    const std::uint64_t highest = std::max(total.period_highest, total.current);
    total.period_highest = total.current;
    if (!has_history(index, total)) return;
    const std::uint32_t series = history_rows_[index];
    sample(stats_.samples(series, false), TIDEMARK_HISTORY_FINE_COUNT,
           TIDEMARK_HISTORY_FINE_PERIOD_NS, unix_ns, total.current, highest);
    sample(stats_.samples(series, true), TIDEMARK_HISTORY_COARSE_COUNT,
           TIDEMARK_HISTORY_COARSE_PERIOD_NS, unix_ns, total.current, highest);
}

void Publisher::sample(tidemark_stats_sample* ring, std::uint32_t count, std::uint64_t period,
                       std::uint64_t unix_ns, std::uint64_t current, std::uint64_t highest) {
    tidemark_stats_sample& place = ring[unix_ns / period % count];
    const bool same_period =
        place.time / period == unix_ns / period && place.current != TIDEMARK_SAMPLE_UNKNOWN;
    shm::publish_sample(place, unix_ns, current,
                        same_period ? std::max(place.highest, highest) : highest);
}

}  // namespace tidemark::collector
