// SPDX-License-Identifier: Apache-2.0
//
// The workloads of the programs in a snapshot, from /proc/PID/cgroup. Two small files a program; nothing is kept, since
// a process may be moved at any time.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "viewers/export/cgroup.hpp"
#include "viewers/model/snapshot.hpp"
#include "viewers/sensors/tree.hpp"

namespace tidemark::exporter {

using Workloads = std::unordered_map<std::uint64_t, Workload>;  // by image

// Of running programs alone. One is left out where its pid names another process here: the pid was given anew, or is
// of another pid namespace than this program's (start times tell), or where /proc does not show it.
Workloads read_workloads(const model::Snapshot& snapshot, const sensors::Tree& tree);

}  // namespace tidemark::exporter
