// SPDX-License-Identifier: Apache-2.0
//
// Of running programs: those that share all labels are one series. Gauges alone, for sums over running programs fall
// when one of them ends.
#include "viewers/export/parts.hpp"
#include "viewers/model/names.hpp"

namespace tidemark::exporter {
namespace {

using model::PoolUsage;
using model::Process;

class ProcessMetrics {
public:
    ProcessMetrics(const model::Snapshot& snapshot, const Workloads& workloads, bool pid_label)
        : workloads_(workloads), pid_label_(pid_label) {
        for (const model::Device& device : snapshot.devices) {
            devices_.emplace(device.device, device_labels(device));
        }
    }

    void add(const Process& process) {
        const Labels owner = labels_of(process);
        count_.add(owner, std::uint64_t{1});
        exact_.add(owner, std::uint64_t{process.exact});
        lost_.add(owner, process.lost.total_count());
        for (const PoolUsage& usage : process.usage) {
            const Labels labels = labels_of(usage, owner);
            current_.add(labels, usage.current);
            peak_.add(labels, usage.peak);
            live_.add(labels, usage.live);
        }
    }

    void append_to(std::string& text) const {
        for (const Metric* metric : {&count_, &current_, &peak_, &live_, &exact_, &lost_}) {
            metric->append_to(text);
        }
    }

private:
    Labels labels_of(const Process& process) const {
        Labels labels = {{"user", process.user.value_or(std::to_string(process.uid))},
                         {"command", process.name.value_or("")}};
        if (const auto at = workloads_.find(process.image); at != workloads_.end()) {
            labels.add("unit", at->second.unit);
            labels.add("container", at->second.container);
            labels.add("pod", at->second.pod);
        }
        if (pid_label_ && process.pid) {
            labels.add("pid", std::to_string(*process.pid));
        }
        return labels;
    }

    Labels labels_of(const PoolUsage& usage, const Labels& owner) const {
        const auto device = devices_.find(usage.device);
        Labels labels = device != devices_.end()
                            ? device->second
                            : Labels{{"device", model::device_word(usage.device)}};
        labels.add("memory", model::memory_word(usage.memory));
        labels.add("pool", usage.pool_name);
        labels.add(owner);
        return labels;
    }

    const Workloads& workloads_;
    bool pid_label_;
    std::map<std::uint32_t, Labels> devices_;
    Metric count_{"tidemark_processes", Type::kGauge, "Running programs that are tracked."};
    Metric current_{"tidemark_process_current_bytes", Type::kGauge,
                    "Allocated now in a pool by the running programs with these labels."};
    Metric peak_{"tidemark_process_peak_bytes", Type::kGauge,
                 "The highest that any one of these programs had allocated in the pool.",
                 Meeting::kHighest};
    Metric live_{"tidemark_process_live_buffers", Type::kGauge,
                 "Buffers allocated now in the pool by these programs."};
    Metric exact_{"tidemark_process_exact", Type::kGauge,
                  "1 if the figures of all these programs are exact, else 0.", Meeting::kLowest};
    Metric lost_{"tidemark_process_lost_events", Type::kGauge,
                 "Events of these programs that were not applied, of all causes."};
};

}  // namespace

void append_processes(std::string& text, const model::Snapshot& snapshot,
                      const Workloads& workloads, bool pid_label) {
    ProcessMetrics metrics(snapshot, workloads, pid_label);
    for (const Process& process : snapshot.processes) {
        if (!process.exited) {
            metrics.add(process);
        }
    }
    metrics.append_to(text);
}

// Chips that are reached through others and programs that Tidemark does not track: in no other sum.
void append_regions(std::string& text, const model::Snapshot& snapshot) {
    Metric current(
        "tidemark_region_current_bytes", Type::kGauge,
        "As tt-metal's own shared regions tell, of remote chips and of programs that are "
        "not tracked; in no other sum.");
    for (const model::Region& region : snapshot.regions) {
        if (region.instrumented || (!region.pid && !region.is_remote)) {
            continue;
        }
        const std::pair<const char*, std::uint64_t> pools[] = {{"DRAM", region.dram},
                                                               {"L1", region.l1},
                                                               {"L1_SMALL", region.l1_small},
                                                               {"TRACE", region.trace},
                                                               {"CB", region.cb}};
        for (const auto& [pool, bytes] : pools) {
            Labels labels = device_labels(snapshot, region.device);
            labels.add("pool", pool);
            labels.add("region", std::to_string(region.region));
            labels.add("command", region.name);
            labels.add("of", region.pid ? "program" : "remote chip");
            current.add(labels, bytes);
        }
    }
    current.append_to(text);
}

}  // namespace tidemark::exporter
