// SPDX-License-Identifier: Apache-2.0
//
// Rows of the stats segment to a Snapshot: the only place of the viewers that knows the rows' fields.
#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>

#include "viewers/model/collector_life.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/rows.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::model {
namespace {

std::optional<std::string> known(std::string_view text) {
    return text.empty() ? std::nullopt : std::optional(std::string(text));
}

std::optional<std::uint64_t> known(std::uint64_t value) {
    return value == 0 ? std::nullopt : std::optional(value);
}

// Rows of several tables name their causes alike.
template <class Row>
Loss loss_of(const Row& row) {
    Loss loss;
    std::copy(std::begin(row.lost_allocations), std::end(row.lost_allocations),
              loss.allocations.begin());
    std::copy(std::begin(row.lost_frees), std::end(row.lost_frees), loss.frees.begin());
    std::copy(std::begin(row.lost_bytes), std::end(row.lost_bytes), loss.bytes.begin());
    return loss;
}

template <class Row>
std::string name_of(const Row& row) {
    std::string name(text_of(row.pool_name));
    if (name.empty()) {
        name = standard_pool_name(row.pool);
    }
    return name.empty() ? "pool " + std::to_string(row.pool) : name;
}

template <class Row>
void take_common(const Row& row, PoolUsage& usage) {
    usage.current = row.current;
    usage.peak = row.peak;
    usage.total_allocated = row.total_allocated;
    usage.total_freed = row.total_freed;
    usage.freed_by_exit = row.freed_by_exit;
    usage.superseded = row.superseded;
    usage.live = row.live;
    usage.allocations = row.allocations;
    usage.frees = row.frees;
    usage.exact = row.exact != 0;
    usage.peak_exact = row.peak_exact != 0;
}

template <class Row>
PoolUsage pool_usage_of(const Row& row) {
    PoolUsage usage;
    usage.device = row.device;
    usage.pool = row.pool;
    usage.memory = row.memory;
    usage.pool_name = name_of(row);
    take_common(row, usage);
    return usage;
}

std::optional<std::uint64_t> heartbeat_age_ms(const StatsReader& reader) {
    const std::uint64_t beat = reader.heartbeat_monotonic_ns();
    if (beat == 0) {
        return std::nullopt;
    }
    const std::uint64_t now = monotonic_now_ns();
    return now > beat ? (now - beat) / 1'000'000 : 0;
}

CollectorState state_of(const StatsReader& reader, std::optional<std::uint64_t> age_ms) {
    switch (reader.state()) {
        case TIDEMARK_COLLECTOR_RUNNING:
            if (age_ms.value_or(0) <= kStalledAfterMs) {
                return CollectorState::kRunning;
            }
            return collector_is_gone(reader) ? CollectorState::kDied : CollectorState::kStalled;
        case TIDEMARK_COLLECTOR_SUPERSEDED:
            return CollectorState::kSuperseded;
        case TIDEMARK_COLLECTOR_STOPPED:
            break;
    }
    return CollectorState::kStopped;
}

Collector::Counters counters_of(const tidemark_collector_row& row) {
    Collector::Counters counters;
    counters.events = row.events;
    counters.passes = row.passes;
    counters.processes_running = row.processes_running;
    counters.processes_seen = row.processes_seen;
    counters.rings_attached = row.rings_attached;
    counters.rings_quarantined = row.rings_quarantined;
    counters.rings_refused = row.rings_refused;
    counters.recoveries = row.recoveries;
    counters.restarts = row.restarts;
    counters.rows_dropped = row.rows_dropped;
    counters.rows_refused = row.rows_refused;
    counters.sink_dropped = row.sink_dropped;
    counters.untracked_images = row.untracked_images;
    counters.audits = row.audits;
    counters.audit_differences = row.audit_differences;
    counters.publish_latency_last_ns = row.publish_latency_last_ns;
    counters.publish_latency_highest_ns = row.publish_latency_highest_ns;
    counters.lost = loss_of(row);
    counters.clock = {row.clock_base_ticks, row.clock_base_unix_ns, row.clock_ns_per_tick_q32};
    return counters;
}

// Devices come from three tables; whichever row comes first makes the device.
class DeviceList {
public:
    explicit DeviceList(std::vector<Device>& devices) : devices_(devices) {}

    Device& operator[](std::uint32_t number) {
        const auto [at, made] = index_.try_emplace(number, devices_.size());
        if (made) {
            devices_.emplace_back().device = number;
        }
        return devices_[at->second];
    }

private:
    std::vector<Device>& devices_;
    std::map<std::uint32_t, std::size_t> index_;
};

void read_processes(const StatsReader& reader, std::vector<Process>& found, bool& whole) {
    std::unordered_map<std::uint64_t, std::size_t> by_image;
    // Asking the system may open files: once for each user, not at every look.
    thread_local std::unordered_map<std::uint32_t, std::optional<std::string>> users;
    bool complete = true;
    for (const auto& row : reader.all<tidemark_process_row>(&complete)) {
        by_image[row.image] = found.size();
        Process& process = found.emplace_back(process_of(row));
        const auto [user, made] = users.try_emplace(row.uid);
        if (made) {
            user->second = user_name(row.uid);
        }
        process.user = user->second;
    }
    whole = whole && complete;
    for (const auto& row : reader.all<tidemark_process_usage_row>(&complete)) {
        if (const auto at = by_image.find(row.image); at != by_image.end()) {
            found[at->second].usage.push_back(usage_of(row));
        }
    }
    whole = whole && complete;
}

}  // namespace

Process process_of(const tidemark_process_row& row) {
    Process process;
    take_figures(row, process);
    process.name = known(text_of(row.name));
    process.command = known(text_of(row.command));
    process.origin = row.origin;
    take_ending(row, process);
    return process;
}

void take_ending(const tidemark_process_row& row, Process& process) {
    process.ending = row.ending;
    process.ending_code = row.ending_code;
}

void take_figures(const tidemark_process_row& row, Process& process) {
    process.image = row.image;
    process.parent_image = row.parent_image;
    process.pid = row.pid != 0 ? std::optional(row.pid) : std::nullopt;
    process.uid = row.uid;
    process.start_ticks = known(row.start_ticks);
    process.start_unix_ns = known(row.start_unix_ns);
    process.exit_unix_ns = known(row.exit_unix_ns);
    process.exited = row.state == TIDEMARK_PROCESS_EXITED;
    process.exact = row.exact != 0;
    process.quarantine = row.quarantine;
    process.sandboxed = row.sandboxed != 0;
    process.events = row.events;
    process.unknown_frees = row.unknown_frees;
    process.inherited_frees = row.inherited_frees;
    process.duplicates = row.duplicates;
    process.ambiguous_frees = row.ambiguous_frees;
    process.gap_consequences = row.gap_consequences;
    process.clock_steps = row.clock_steps;
    process.lost = loss_of(row);
}

PoolUsage usage_of(const tidemark_process_usage_row& row) { return pool_usage_of(row); }

void take_figures(const tidemark_process_usage_row& row, PoolUsage& usage) {
    take_common(row, usage);
}

std::string pool_name_of(const tidemark_process_usage_row& row) { return name_of(row); }

void read_devices(const StatsReader& reader, std::vector<Device>& found, bool& whole) {
    DeviceList devices(found);
    bool complete = true;
    for (const auto& row : reader.all<tidemark_device_row>(&complete)) {
        Device& device = devices[row.device];
        device.arch = row.arch;
        device.name = known(text_of(row.name));
        device.conflicts = row.conflicts;
    }
    whole = whole && complete;
    for (const auto& row : reader.all<tidemark_memory_row>(&complete)) {
        const auto capacity = row.capacity_known != 0 ? std::optional(row.capacity) : std::nullopt;
        devices[row.device].memories.push_back({row.memory, capacity, row.allocated});
    }
    whole = whole && complete;
    for (const auto& row : reader.all<tidemark_usage_row>(&complete)) {
        devices[row.device].pools.push_back(pool_usage_of(row));
    }
    whole = whole && complete;
}

void read_regions(const StatsReader& reader, std::vector<Region>& found, bool& whole) {
    bool complete = true;
    for (const auto& row : reader.all<tidemark_region_row>(&complete)) {
        Region& region = found.emplace_back();
        region.region = row.region;
        region.device = row.device;
        region.is_remote = row.remote != 0;
        if (row.kind == TIDEMARK_REGION_PROCESS) region.pid = row.pid;
        region.name = std::string(text_of(row.name));
        region.instrumented = row.instrumented != 0;
        region.dram = row.dram;
        region.l1 = row.l1;
        region.l1_small = row.l1_small;
        region.trace = row.trace;
        region.cb = row.cb;
    }
    whole = whole && complete;
}

CollectorState collector_state(const StatsReader& reader) {
    return state_of(reader, heartbeat_age_ms(reader));
}

Collector read_collector(const StatsReader& reader) {
    const tidemark_stats_header& header = reader.header();
    Collector collector;
    collector.instance = std::string(reader.instance());
    collector.generation = header.generation;
    collector.pid = header.collector_pid;
    collector.uid = header.collector_uid;
    collector.control_socket = std::string(reader.control_socket());
    collector.created_unix_ns = header.created_unix_ns;
    collector.heartbeat_age_ms = heartbeat_age_ms(reader);
    collector.state = state_of(reader, collector.heartbeat_age_ms);
    if (const auto row = reader.read<tidemark_collector_row>(0)) {
        collector.counters = counters_of(*row);
    }
    return collector;
}

Snapshot read_snapshot(const StatsReader& reader) {
    Snapshot snapshot;
    snapshot.time_unix_ns = unix_now_ns();
    const std::uint64_t begun = reader.moment();
    bool whole = true;
    snapshot.collector = read_collector(reader);
    read_devices(reader, snapshot.devices, whole);
    read_processes(reader, snapshot.processes, whole);
    read_regions(reader, snapshot.regions, whole);
    snapshot.consistent = whole && reader.unchanged_since(begun);
    return snapshot;
}

}  // namespace tidemark::model
