// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/breakdown.hpp"

#include <algorithm>

#include "viewers/model/hardware.hpp"
#include "viewers/model/names.hpp"

namespace tidemark::model {
namespace {

// The sum of the pools that `wanted` takes; `none` where there is not one.
template <typename Wanted>
Part sum(const std::vector<PoolUsage>& pools, const char* what,
         const std::optional<std::uint64_t>& none, Wanted wanted) {
    Part part{what, none, true};
    bool found = false;
    for (const PoolUsage& pool : pools) {
        if (wanted(pool)) {
            part.allocated = (found ? part.allocated.value_or(0) : 0) + pool.current;
            part.exact = part.exact && pool.exact;
            found = true;
        }
    }
    return part;
}

std::vector<Part> parts_of_l1(const Snapshot& snapshot, const Device& device) {
    const auto none = allocated_without_row(snapshot);
    const auto of = [&](const char* what, auto wanted) {
        return sum(device.pools, what, none, wanted);
    };
    std::vector<Part> parts = {
        of("buffers",
           [](const PoolUsage& pool) {
               return pool.pool == TIDEMARK_POOL_L1 || pool.pool == TIDEMARK_POOL_L1_SMALL;
           }),
        of("circular buffers", [](const PoolUsage& pool) { return pool.pool == TIDEMARK_POOL_CB; }),
        of("kernels", [](const PoolUsage& pool) { return pool.pool == TIDEMARK_POOL_KERNEL; })};
    const auto is_other = [](const PoolUsage& pool) {
        return pool.memory == TIDEMARK_MEMORY_L1 && pool.pool >= TIDEMARK_POOL_FIRST_NAMED;
    };
    if (std::any_of(device.pools.begin(), device.pools.end(), is_other)) {
        parts.push_back(of("other pools", is_other));
    }
    return parts;
}

}  // namespace

std::vector<Breakdown> breakdown(const Snapshot& snapshot, const Device& device) {
    std::vector<Breakdown> memories;
    for (const Memory& memory : device.memories) {
        Breakdown one{memory.memory, memory.capacity, {}, {"total", memory.allocated, true}};
        for (const PoolUsage& pool : device.pools) {
            one.total.exact = one.total.exact && (pool.memory != memory.memory || pool.exact);
        }
        if (memory.memory == TIDEMARK_MEMORY_L1 && snapshot.all_pools) {
            one.parts = parts_of_l1(snapshot, device);
        }
        memories.push_back(std::move(one));
    }
    return memories;
}

bool has_column(std::uint32_t pool) {
    return pool == TIDEMARK_POOL_DRAM || pool == TIDEMARK_POOL_L1 || pool == TIDEMARK_POOL_CB ||
           pool == TIDEMARK_POOL_KERNEL;
}

ProcessPools process_pools(const Process& process, std::uint32_t device) {
    // A pool that an image never used has no row; what it lost is told by the image itself.
    const auto none = process.exact ? std::optional<std::uint64_t>(0) : std::nullopt;
    const auto of = [&](std::uint32_t number) {
        return sum(process.usage, "", none, [&](const PoolUsage& pool) {
            return pool.device == device && pool.pool == number;
        });
    };
    return {of(TIDEMARK_POOL_DRAM), of(TIDEMARK_POOL_L1), of(TIDEMARK_POOL_CB),
            of(TIDEMARK_POOL_KERNEL), sum(process.usage, "", none, [&](const PoolUsage& pool) {
                return pool.device == device && !has_column(pool.pool);
            })};
}

}  // namespace tidemark::model
