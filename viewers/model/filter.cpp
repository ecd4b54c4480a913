// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/filter.hpp"

#include <strings.h>

#include <algorithm>

namespace tidemark::model {
namespace {

template <typename T>
bool empty_or_holds(const std::vector<T>& list, const T& value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

bool Filter::wants_device(std::uint32_t device) const { return empty_or_holds(devices, device); }

bool Filter::wants_pool(std::string_view name) const {
    return pools.empty() || std::any_of(pools.begin(), pools.end(), [&](const std::string& pool) {
               return pool.size() == name.size() &&
                      strncasecmp(pool.data(), name.data(), name.size()) == 0;
           });
}

bool Filter::wants_process(const Process& process) const {
    return wants_process(process.pid.value_or(0), process.uid, process.start_ticks.value_or(0));
}

bool Filter::wants_process(std::int32_t pid, std::uint32_t uid, std::uint64_t start_ticks) const {
    const bool is_own = without && pid == without->pid && start_ticks == without->start_ticks;
    return !is_own && empty_or_holds(uids, uid) &&
           (pids.empty() || (pid != 0 && empty_or_holds(pids, pid)));
}

namespace {

auto unwanted_by(const Filter& filter) {
    return [&filter](const PoolUsage& usage) {
        return !filter.wants_device(usage.device) || !filter.wants_pool(usage.pool_name);
    };
}

}  // namespace

void apply_to_devices(const Filter& filter, Snapshot& snapshot) {
    std::erase_if(snapshot.devices,
                  [&](const Device& device) { return !filter.wants_device(device.device); });
    for (Device& device : snapshot.devices) {
        std::erase_if(device.pools, unwanted_by(filter));
    }
    snapshot.all_pools = snapshot.all_pools && filter.pools.empty();
    snapshot.all_processes = snapshot.all_processes && filter.pids.empty() && filter.uids.empty();
    if (snapshot.hardware && !filter.devices.empty()) {
        snapshot.hardware->unassigned.clear();
    }
    std::erase_if(snapshot.kernel, [&](const KernelComparison& comparison) {
        return !filter.wants_device(comparison.device);
    });
    std::erase_if(snapshot.regions, [&](const Region& region) {
        return !filter.wants_device(region.device) ||
               (region.pid && !filter.pids.empty() && !empty_or_holds(filter.pids, *region.pid));
    });
}

void apply(const Filter& filter, Snapshot& snapshot) {
    apply_to_devices(filter, snapshot);
    for (Process& process : snapshot.processes) {
        std::erase_if(process.usage, unwanted_by(filter));
    }
    std::erase_if(snapshot.processes, [&](const Process& process) {
        return !filter.wants_process(process) || (filter.by_usage() && process.usage.empty());
    });
}

}  // namespace tidemark::model
