// SPDX-License-Identifier: Apache-2.0
//
// Which devices, pools, processes and users a viewer was asked for. An empty list means all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

struct Filter {
    std::vector<std::uint32_t> devices;
    std::vector<std::int32_t> pids;
    std::vector<std::uint32_t> uids;
    std::vector<std::string> pools;  // by name, any case

    bool wants_device(std::uint32_t device) const;
    bool wants_pool(std::string_view name) const;
    bool wants_process(const Process& process) const;
};

// Takes away what was not asked for. A device's figures stay sums over all processes, also when only some processes
// are shown; a process without any of the wanted devices and pools goes.
void apply(const Filter& filter, Snapshot& snapshot);

}  // namespace tidemark::model
