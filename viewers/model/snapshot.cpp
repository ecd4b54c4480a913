// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/snapshot.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "viewers/model/names.hpp"

namespace tidemark::model {
namespace {

void sort_pools(std::vector<PoolUsage>& pools) {
    const auto before = [](const PoolUsage& a, const PoolUsage& b) {
        return std::tuple(a.device, pool_rank(a.pool), std::string_view(a.pool_name)) <
               std::tuple(b.device, pool_rank(b.pool), std::string_view(b.pool_name));
    };
    if (!std::is_sorted(pools.begin(), pools.end(), before)) {
        std::stable_sort(pools.begin(), pools.end(), before);
    }
}

}  // namespace

std::uint64_t Loss::total_count() const {
    return std::accumulate(allocations.begin(), allocations.end(), std::uint64_t{0}) +
           std::accumulate(frees.begin(), frees.end(), std::uint64_t{0});
}

std::uint64_t Loss::total_bytes() const {
    return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0});
}

std::optional<std::uint64_t> Clock::unix_ns(std::uint64_t stamp) const {
    if (ns_per_tick_q32 == 0) {
        return std::nullopt;
    }
    // Stamps lie on both sides of the base; 128 bits, since ticks times a 32.32 factor overflow 64.
    __extension__ using Wide = __int128;
    const Wide ticks = static_cast<Wide>(stamp) - static_cast<Wide>(base_ticks);
    const Wide ns = static_cast<Wide>(base_unix_ns) + ((ticks * ns_per_tick_q32) >> 32);
    return ns < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(ns));
}

const char* state_word(CollectorState state) {
    switch (state) {
        case CollectorState::kRunning:
            return "running";
        case CollectorState::kStalled:
        case CollectorState::kDied:
            return "stalled";
        case CollectorState::kStopped:
            return "stopped";
        case CollectorState::kSuperseded:
            return "superseded";
        case CollectorState::kNone:
            return "none";
    }
    return "stopped";
}

void sort_devices(Snapshot& snapshot) {
    // The host's number is above every accelerator's, so it comes last by itself.
    std::stable_sort(snapshot.devices.begin(), snapshot.devices.end(),
                     [](const Device& a, const Device& b) { return a.device < b.device; });
    for (Device& device : snapshot.devices) {
        std::stable_sort(device.memories.begin(), device.memories.end(),
                         [](const Memory& a, const Memory& b) { return a.memory < b.memory; });
        sort_pools(device.pools);
    }
}

void sort(Snapshot& snapshot) {
    sort_devices(snapshot);
    const auto before = [](const Process& a, const Process& b) {
        return std::tuple(a.pid, a.start_unix_ns, a.image) <
               std::tuple(b.pid, b.start_unix_ns, b.image);
    };
    // Most often they are: moving a thousand processes for nothing costs more than looking.
    if (!std::is_sorted(snapshot.processes.begin(), snapshot.processes.end(), before)) {
        std::stable_sort(snapshot.processes.begin(), snapshot.processes.end(), before);
    }
    for (Process& process : snapshot.processes) {
        sort_pools(process.usage);
    }
}

}  // namespace tidemark::model
