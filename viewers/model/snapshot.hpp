// SPDX-License-Identifier: Apache-2.0
//
// The one snapshot that every viewer shows: what the stats segment held at one moment, as plain values, sorted by
// device, pool and pid. Unknown figures are empty optionals, never 0. Where the values come from: stats_source.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tidemark/words.h"
#include "viewers/model/hardware.hpp"

namespace tidemark::model {

// Events that were not applied, by tidemark_loss_cause.
struct Loss {
    std::array<std::uint64_t, TIDEMARK_LOSS_CAUSE_COUNT> allocations{};
    std::array<std::uint64_t, TIDEMARK_LOSS_CAUSE_COUNT> frees{};
    std::array<std::uint64_t, TIDEMARK_LOSS_CAUSE_COUNT> bytes{};

    std::uint64_t count(std::size_t cause) const { return allocations[cause] + frees[cause]; }
    std::uint64_t total_count() const;
    std::uint64_t total_bytes() const;
};

// One device x pool, summed over processes or of one process. Sizes in bytes.
struct PoolUsage {
    std::uint32_t device = 0;
    std::uint32_t pool = 0;
    std::uint32_t memory = 0;
    std::string pool_name;
    std::uint64_t current = 0;  // of an exited process: what it left
    std::uint64_t peak = 0;
    std::uint64_t total_allocated = 0;
    std::uint64_t total_freed = 0;  // by the program itself
    std::uint64_t freed_by_exit = 0;
    std::uint64_t superseded = 0;
    std::uint64_t live = 0;  // buffers
    std::uint64_t allocations = 0;
    std::uint64_t frees = 0;
    bool exact = true;
    bool peak_exact = true;

    bool operator==(const PoolUsage&) const = default;
};

struct Memory {
    std::uint32_t memory = 0;
    std::optional<std::uint64_t> capacity;
    std::optional<std::uint64_t> allocated;  // by tracked programs

    bool operator==(const Memory&) const = default;
};

struct Device {
    std::uint32_t device = 0;
    std::uint32_t arch = 0;
    std::optional<std::string> name;
    std::uint64_t conflicts = 0;
    std::vector<Memory> memories;
    std::vector<PoolUsage> pools;

    bool operator==(const Device&) const = default;
};

// One program image. A process that executes another program in place is two of these.
struct Process {
    std::uint64_t image = 0;
    std::uint64_t parent_image = 0;  // 0: none that was tracked
    std::optional<std::int32_t> pid;
    std::uint32_t uid = 0;
    std::optional<std::string> user;
    std::optional<std::string> name;
    std::optional<std::string> command;
    std::optional<std::uint64_t> start_unix_ns;
    std::optional<std::uint64_t>
        start_ticks;  // field 22 of /proc/PID/stat: with the pid, who it is
    std::optional<std::uint64_t> exit_unix_ns;
    bool exited = false;
    std::uint32_t ending = 0;  // tidemark_ending
    std::int32_t ending_code = 0;
    std::uint32_t origin = TIDEMARK_ORIGIN_PROGRAM;  // tidemark_origin: who told of its buffers
    bool exact = true;
    std::uint32_t quarantine = 0;
    bool sandboxed = false;  // what it forked since is not tracked
    std::uint64_t events = 0;
    std::uint64_t unknown_frees = 0;
    std::uint64_t inherited_frees = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t ambiguous_frees = 0;
    std::uint64_t gap_consequences = 0;
    std::uint64_t clock_steps = 0;
    Loss lost;
    std::vector<PoolUsage> usage;
};

// kNone: no collector ever published under this name; only sensors are known.
// What one of tt-metal's own shared regions says of a chip, or of a process on it. Current figures alone, in bytes, and
// in no sum of the snapshot.
struct Region {
    std::uint64_t region = 0;  // the chip's unique id
    std::uint32_t device = 0;
    bool is_remote = false;           // the chip is reached through another one
    std::optional<std::int32_t> pid;  // nothing: the whole chip
    std::string name;                 // of the process
    bool instrumented = false;        // the process tells of the device itself
    std::uint64_t dram = 0, l1 = 0, l1_small = 0, trace = 0, cb = 0;
};

// kDied: stalled, and its process is gone.
enum class CollectorState { kRunning, kStalled, kDied, kStopped, kSuperseded, kNone };

// Nobody keeps its figures up to date, and nobody will until a collector is started.
constexpr bool is_gone(CollectorState state) {
    return state == CollectorState::kDied || state == CollectorState::kStopped ||
           state == CollectorState::kNone;
}

// Stamps of events to wall-clock time, as the collector calibrated it.
struct Clock {
    std::uint64_t base_ticks = 0;
    std::uint64_t base_unix_ns = 0;
    std::uint64_t ns_per_tick_q32 = 0;  // 0: not known yet

    // Nothing while the collector has not calibrated.
    std::optional<std::uint64_t> unix_ns(std::uint64_t stamp) const;
};

struct Collector {
    std::string instance;
    std::uint64_t generation = 0;
    std::int32_t pid = 0;
    std::uint32_t uid = 0;
    std::string control_socket;  // empty: none
    CollectorState state = CollectorState::kStopped;
    std::optional<std::uint64_t> heartbeat_age_ms;
    std::uint64_t created_unix_ns = 0;

    // Empty while the collector has not published its own row.
    struct Counters {
        std::uint64_t events = 0;
        std::uint64_t passes = 0;
        std::uint64_t processes_running = 0;
        std::uint64_t processes_seen = 0;
        std::uint64_t rings_attached = 0;
        std::uint64_t rings_quarantined = 0;
        std::uint64_t rings_refused = 0;
        std::uint64_t recoveries = 0;
        std::uint64_t restarts = 0;
        std::uint64_t rows_dropped = 0;
        std::uint64_t rows_refused = 0;  // their user has its share
        std::uint64_t sink_dropped = 0;
        std::uint64_t untracked_images = 0;
        std::uint64_t audits = 0;
        std::uint64_t audit_differences = 0;
        std::uint64_t publish_latency_last_ns = 0;
        std::uint64_t publish_latency_highest_ns = 0;
        Loss lost;
        Clock clock;
    };
    std::optional<Counters> counters;
};

struct Snapshot {
    std::uint64_t time_unix_ns = 0;
    bool consistent = false;  // all rows belong to one publication
    Collector collector;
    std::vector<Device> devices;
    std::vector<Process> processes;
    std::vector<Region> regions;
    bool all_pools = true;                 // false: a filter took some away
    bool all_processes = true;             // the same of processes
    std::optional<Hardware> hardware;      // empty: the viewer reads no sensors
    std::vector<KernelComparison> kernel;  // by device; empty: not asked for
};

// "running", "stalled" (also of one that died), "stopped", "superseded"; "none".
const char* state_word(CollectorState state);

// Devices by number with the host last, pools by pool_rank, processes by pid and start time.
void sort(Snapshot& snapshot);
void sort_devices(Snapshot& snapshot);

}  // namespace tidemark::model
