// SPDX-License-Identifier: Apache-2.0
//
// Which devices, pools, processes and users a viewer was asked for. An empty list means all.
#pragma once

#include <cstdint>
#include <optional>
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
    // The one process that is not wanted: a viewer that runs under the tracker does not list itself.
    struct Own {
        std::int32_t pid;
        std::uint64_t start_ticks;
    };
    std::optional<Own> without{};

    bool wants_device(std::uint32_t device) const;
    bool wants_pool(std::string_view name) const;
    bool wants_process(const Process& process) const;
    // The same of a row's fields; 0: unknown.
    bool wants_process(std::int32_t pid, std::uint32_t uid, std::uint64_t start_ticks) const;
    // Whether processes without any of the wanted devices and pools go.
    bool by_usage() const { return !devices.empty() || !pools.empty(); }
};

// Takes away what was not asked for. A device's figures stay sums over all processes, also when only some processes
// are shown; a process without any of the wanted devices and pools goes.
void apply(const Filter& filter, Snapshot& snapshot);

// The same of everything but processes, for a snapshot whose processes are filtered already.
void apply_to_devices(const Filter& filter, Snapshot& snapshot);

}  // namespace tidemark::model
