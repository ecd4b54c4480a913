// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/hardware.hpp"

#include <algorithm>

#include "viewers/model/names.hpp"
#include "viewers/model/snapshot.hpp"
#include "viewers/sensors/capacities.hpp"

namespace tidemark::model {
namespace {

std::optional<std::uint32_t> usual_device(const sensors::Source& source) {
    switch (source.kind) {
        case sensors::Kind::kTenstorrent:
            return source.index < TIDEMARK_DEVICE_HOST ? std::optional(source.index) : std::nullopt;
        case sensors::Kind::kHost:
            return TIDEMARK_DEVICE_HOST;
        case sensors::Kind::kNvidia:
            break;
    }
    return std::nullopt;
}

Device& device_at(Snapshot& snapshot, std::uint32_t number) {
    const auto at =
        std::find_if(snapshot.devices.begin(), snapshot.devices.end(),
                     [number](const Device& device) { return device.device == number; });
    if (at != snapshot.devices.end()) {
        return *at;
    }
    Device& made = snapshot.devices.emplace_back();
    made.device = number;
    return made;
}

Memory& memory_at(const Snapshot& snapshot, Device& device, std::uint32_t number) {
    const auto at =
        std::find_if(device.memories.begin(), device.memories.end(),
                     [number](const Memory& memory) { return memory.memory == number; });
    if (at != device.memories.end()) {
        return *at;
    }
    return device.memories.emplace_back(
        Memory{number, std::nullopt, allocated_without_row(snapshot)});
}

void take_capacity(const Snapshot& snapshot, Device& device, std::uint32_t number,
                   const std::optional<std::uint64_t>& capacity) {
    if (capacity) {
        Memory& memory = memory_at(snapshot, device, number);
        memory.capacity = memory.capacity ? memory.capacity : capacity;
    }
}

void take_identity(Device& device, const sensors::Reading& reading) {
    if (!device.name) {
        device.name = reading.source.kind == sensors::Kind::kHost
                          ? std::optional<std::string>("host")
                      : reading.card_type ? reading.card_type
                                          : reading.name;
    }
    for (std::uint32_t arch = 1; device.arch == 0 && !architecture_name(arch).empty(); ++arch) {
        // "Wormhole" is the chip, "Wormhole_B0" its only revision in the field.
        if (reading.name && architecture_name(arch).starts_with(*reading.name)) {
            device.arch = arch;
        }
    }
}

void take(Snapshot& snapshot, std::uint32_t number, const sensors::Reading& reading) {
    Device& device = device_at(snapshot, number);
    take_identity(device, reading);
    if (number == TIDEMARK_DEVICE_HOST) {
        memory_at(snapshot, device, TIDEMARK_MEMORY_HOST);
        return;
    }
    const auto capacities = sensors::capacities_of(reading.card_type.value_or(""));
    take_capacity(snapshot, device, TIDEMARK_MEMORY_DRAM, capacities.dram);
    take_capacity(snapshot, device, TIDEMARK_MEMORY_L1, capacities.l1);
}

}  // namespace

Hardware assign(const std::vector<sensors::Reading>& readings, const Assignment& assignment) {
    Hardware hardware;
    for (const sensors::Reading& reading : readings) {
        bool used = false;
        for (const auto& [device, source] : assignment) {
            if (source == reading.source) {
                hardware.readings[device] = reading;
                used = true;
            }
        }
        const auto usual = usual_device(reading.source);
        if (!used && usual && !assignment.contains(*usual)) {
            hardware.readings[*usual] = reading;
        } else if (!used) {
            hardware.unassigned.push_back(reading);
        }
    }
    return hardware;
}

void complete(Snapshot& snapshot, Hardware hardware) {
    for (const auto& [number, reading] : hardware.readings) {
        take(snapshot, number, reading);
    }
    snapshot.hardware = std::move(hardware);
    sort_devices(snapshot);
}

std::optional<std::uint64_t> allocated_without_row(const Snapshot& snapshot) {
    const auto& counters = snapshot.collector.counters;
    const bool whole = counters && counters->lost.total_count() == 0 &&
                       counters->rows_dropped == 0 && counters->rows_refused == 0 &&
                       counters->rings_quarantined == 0;
    return whole ? std::optional<std::uint64_t>(0) : std::nullopt;
}

KernelComparison compare(const Snapshot& snapshot, std::uint32_t device,
                         const sensors::Holders& holders) {
    KernelComparison comparison{device, holders.known ? "" : holders.problem, {}};
    std::map<std::int32_t, KernelRow> rows;
    for (const sensors::Holder& holder : holders.list) {
        rows[holder.pid] = {holder.pid, holder.name, holder.handles, false};
    }
    for (const Process& process : snapshot.processes) {
        if (process.exited || !process.pid) {
            continue;
        }
        const bool uses =
            std::any_of(process.usage.begin(), process.usage.end(),
                        [device](const PoolUsage& usage) { return usage.device == device; });
        if (uses || rows.contains(*process.pid)) {
            KernelRow& row = rows[*process.pid];
            row = {*process.pid, process.name ? process.name : row.name, row.handles, true};
        }
    }
    for (const auto& [pid, row] : rows) {
        comparison.rows.push_back(row);
    }
    return comparison;
}

}  // namespace tidemark::model
