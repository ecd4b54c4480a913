// SPDX-License-Identifier: Apache-2.0
//
// What the machine says of its devices, beside what the collector published of them: which sensors belong to which
// device, and which capacities follow from a card's type where nobody told them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "viewers/sensors/reading.hpp"
#include "viewers/sensors/tenstorrent.hpp"

namespace tidemark::model {

struct Snapshot;
struct Process;

struct Hardware {
    std::map<std::uint32_t, sensors::Reading> readings;  // by device
    std::vector<sensors::Reading> unassigned;            // of no device that Tidemark knows
};

// Whose sensors a device has, where a person says so (--sensor); nothing: it has none.
using Assignment = std::map<std::uint32_t, std::optional<sensors::Source>>;

// Unless said otherwise a Tenstorrent card has the device's number, as in tt-metal, and the host is the host. NVIDIA's
// numbers say nothing of Tidemark's, so those cards stay unassigned.
Hardware assign(const std::vector<sensors::Reading>& readings, const Assignment& assignment);

// Keeps `hardware` in the snapshot. Devices that only the sensors know are added; names, architectures and capacities
// that nobody told are taken from the sensors. Sorts devices; filter afterwards.
void complete(Snapshot& snapshot, Hardware hardware);

// What is allocated in a memory or pool of a running device that has no row: 0 if every event was applied and shown,
// else unknown, since a lost one may have been of it.
std::optional<std::uint64_t> allocated_without_row(const Snapshot& snapshot);

// A process that holds a card open, or that Tidemark tracks on it, or both.
struct KernelRow {
    std::int32_t pid = 0;
    std::optional<std::string> name;
    std::uint64_t handles = 0;  // 0: the kernel does not list it
    bool instrumented = false;  // it runs and Tidemark tracks it
};

struct KernelComparison {
    std::uint32_t device = 0;
    std::string problem;  // why the kernel's list is unknown; empty: it is known
    std::vector<KernelRow> rows;
};

// `holders`: of the card that has this device's number. Processes are compared by pid, as both lists name them.
KernelComparison compare(const Snapshot& snapshot, std::uint32_t device,
                         const sensors::Holders& holders);

}  // namespace tidemark::model
