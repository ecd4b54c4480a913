// SPDX-License-Identifier: Apache-2.0
//
// Tenstorrent's driver (tt-kmd) in /sys/class/tenstorrent, the hwmon of its PCI device, and the list of processes that
// hold a device open. Chips behind another chip (the second of an n300) have no files, so nothing is known of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "viewers/sensors/reading.hpp"
#include "viewers/sensors/tree.hpp"

namespace tidemark::sensors {

// By the driver's number.
std::vector<Reading> read_tenstorrent(const Tree& tree);

// A process that holds a device open.
struct Holder {
    std::int32_t pid = 0;  // in our pid namespace
    std::uint64_t handles = 0;
    std::optional<std::string> name;  // the kernel's comm; empty if it ended meanwhile
};

struct Holders {
    bool known = false;
    std::string problem;       // why not: a path and errno's text
    std::vector<Holder> list;  // by pid
};

// /proc/driver/tenstorrent/<index>/pids: one pid a line, one line a handle. Lines that are no pid make it unknown.
Holders read_holders(const Tree& tree, std::uint32_t index);

}  // namespace tidemark::sensors
