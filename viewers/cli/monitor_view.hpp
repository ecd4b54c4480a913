// SPDX-License-Identifier: Apache-2.0
//
// The screen of `tidemark monitor`: the older monitors' client, a block a device. Pure: the same snapshot, devices and
// terminal give the same text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "viewers/cli/terminal.hpp"
#include "viewers/model/snapshot.hpp"

namespace tidemark::cli {

struct MonitorLook {
    std::vector<std::uint32_t> devices;  // to show, known or not
    std::uint64_t refresh_ms = 1000;
    bool single = false;  // one query: no refresh to tell of
    std::size_t width = 80;
    bool units = true;
    bool header = true;
};

std::string monitor_text(const model::Snapshot& snapshot, const MonitorLook& look,
                         const Terminal& terminal);

// What is said once at the start where a collector is or was: whose figures these are.
std::string monitor_start_text(const model::Snapshot& snapshot);

}  // namespace tidemark::cli
