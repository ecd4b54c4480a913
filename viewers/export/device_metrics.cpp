// SPDX-License-Identifier: Apache-2.0
//
// Of devices, their memories and pools: sums over all programs, kept by the collector beyond the programs' lives.
#include "viewers/export/parts.hpp"
#include "viewers/model/names.hpp"

namespace tidemark::exporter {
namespace {

using model::PoolUsage;

struct PoolMetric {
    Metric metric;
    std::uint64_t (*value)(const PoolUsage&);
};

std::vector<PoolMetric> pool_metrics() {
    using U = const PoolUsage&;
    std::vector<PoolMetric> metrics;
    const auto add = [&](const char* name, Type type, const char* help, std::uint64_t (*value)(U),
                         Meeting meeting = Meeting::kSum) {
        metrics.push_back(
            {Metric(std::string("tidemark_pool_") + name, type, help, meeting), value});
    };
    add("current_bytes", Type::kGauge, "Allocated now in a pool of a device.",
        [](U u) { return u.current; });
    add("peak_bytes", Type::kGauge, "The highest that was allocated at one time in the pool.",
        [](U u) { return u.peak; });
    add("live_buffers", Type::kGauge, "Buffers allocated now in the pool.",
        [](U u) { return u.live; });
    add("allocated_bytes_total", Type::kCounter, "Sum of all allocations in the pool.",
        [](U u) { return u.total_allocated; });
    add("freed_bytes_total", Type::kCounter, "Sum of all frees by programs in the pool.",
        [](U u) { return u.total_freed; });
    add("freed_by_exit_bytes_total", Type::kCounter,
        "What programs had left allocated in the pool when they ended.",
        [](U u) { return u.freed_by_exit; });
    // A late free takes its buffer out again, so this may fall.
    add("superseded_bytes", Type::kGauge,
        "Buffers that ended by another allocation under the same id instead of a free.",
        [](U u) { return u.superseded; });
    add("allocations_total", Type::kCounter, "Allocations applied in the pool.",
        [](U u) { return u.allocations; });
    add("frees_total", Type::kCounter, "Frees applied in the pool.", [](U u) { return u.frees; });
    add(
        "exact", Type::kGauge,
        "1 if the pool's sums and counts are exact, 0 if lost events may be missing in them.",
        [](U u) { return std::uint64_t{u.exact}; }, Meeting::kLowest);
    add(
        "peak_exact", Type::kGauge, "1 if the pool's peak is exact, 0 if it may be too high.",
        [](U u) { return std::uint64_t{u.peak_exact}; }, Meeting::kLowest);
    return metrics;
}

void append_identities(std::string& text, const model::Snapshot& snapshot) {
    Metric info("tidemark_device_info", Type::kGauge, "A device, and its architecture if known.");
    Metric conflicts("tidemark_device_conflicts_total", Type::kCounter,
                     "Declarations by programs that contradict what is known of the device.");
    for (const model::Device& device : snapshot.devices) {
        Labels labels = device_labels(device);
        conflicts.add(labels, device.conflicts);
        labels.add("arch", model::architecture_name(device.arch));
        info.add(labels, std::uint64_t{1});
    }
    info.append_to(text);
    conflicts.append_to(text);
}

void append_memories(std::string& text, const model::Snapshot& snapshot) {
    Metric current(
        "tidemark_memory_current_bytes", Type::kGauge,
        "Allocated now in a memory of a device by tracked programs: the sum of its pools.");
    Metric capacity("tidemark_memory_capacity_bytes", Type::kGauge,
                    "How much the memory holds, where that is known.");
    for (const model::Device& device : snapshot.devices) {
        for (const model::Memory& memory : device.memories) {
            Labels labels = device_labels(device);
            labels.add("memory", model::memory_word(memory.memory));
            if (memory.allocated) {
                current.add(labels, *memory.allocated);
            }
            if (memory.capacity) {
                capacity.add(labels, *memory.capacity);
            }
        }
    }
    current.append_to(text);
    capacity.append_to(text);
}

}  // namespace

Labels device_labels(const model::Device& device) {
    return {{"device", model::device_word(device.device)},
            {"device_name", device.name.value_or("")}};
}

Labels device_labels(const model::Snapshot& snapshot, std::uint32_t device) {
    for (const model::Device& known : snapshot.devices) {
        if (known.device == device) {
            return device_labels(known);
        }
    }
    return {{"device", model::device_word(device)}};
}

void append_devices(std::string& text, const model::Snapshot& snapshot) {
    append_identities(text, snapshot);
    append_memories(text, snapshot);
    std::vector<PoolMetric> metrics = pool_metrics();
    for (const model::Device& device : snapshot.devices) {
        for (const PoolUsage& usage : device.pools) {
            Labels labels = device_labels(device);
            labels.add("memory", model::memory_word(usage.memory));
            labels.add("pool", usage.pool_name);
            for (PoolMetric& metric : metrics) {
                metric.metric.add(labels, metric.value(usage));
            }
        }
    }
    for (const PoolMetric& metric : metrics) {
        metric.metric.append_to(text);
    }
}

}  // namespace tidemark::exporter
