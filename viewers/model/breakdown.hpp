// SPDX-License-Identifier: Apache-2.0
//
// What lies in each memory of a device: L1 split into what a person asks for (buffers, circular buffers, kernels), so
// that nobody wonders where the rest of it went. Pools never contain each other; a memory is the sum of its pools.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

struct Part {
    std::string what;
    std::optional<std::uint64_t> allocated;
    bool exact = true;
};

struct Breakdown {
    std::uint32_t memory = 0;
    std::optional<std::uint64_t> capacity;
    std::vector<Part> parts;  // of L1 alone; none if some pools are filtered away
    Part total;
};

// In the order of the device's memories.
std::vector<Breakdown> breakdown(const Snapshot& snapshot, const Device& device);

// The pools of a process on a device that a table of processes has columns for, and the sum of all others.
struct ProcessPools {
    Part dram, l1, cb, kernel, other;
};
ProcessPools process_pools(const Process& process, std::uint32_t device);

// Whether pool `pool` of a device has a column of its own there.
bool has_column(std::uint32_t pool);

}  // namespace tidemark::model
