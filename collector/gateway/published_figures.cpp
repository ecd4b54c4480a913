// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/published_figures.hpp"

#include <algorithm>
#include <map>

#include "collector/pool_fields.hpp"

namespace tidemark::collector::gateway {
namespace {

// Null for a program's own pool: the older structs have no field for it.
std::uint64_t* place_of(DeviceFigures& figures, std::uint32_t pool) {
    if (pool == TIDEMARK_POOL_SYSTEM_MEMORY) return &figures.system_memory;
    if (pool == TIDEMARK_POOL_KERNEL) return &figures.kernel;
    return pool_field(figures, pool);
}

}  // namespace

const StatsReader* PublishedFigures::reader() {
    if (!reader_ || reader_->superseded()) reader_ = StatsReader::open(instance_);
    return reader_ ? &*reader_ : nullptr;
}

std::vector<tidemark_device_row> PublishedFigures::devices() {
    const StatsReader* stats = reader();
    if (stats == nullptr) return {};
    auto rows = stats->all<tidemark_device_row>();
    std::erase_if(rows, [](const auto& row) { return row.kind == TIDEMARK_DEVICE_KIND_HOST; });
    return rows;
}

DeviceFigures PublishedFigures::of(std::int32_t device, std::uint64_t now_ns) {
    DeviceFigures figures;
    const auto number = static_cast<std::uint32_t>(device);
    for (const tidemark_device_row& row : devices()) {
        ++figures.devices;
        if (row.device != number) continue;
        figures.is_available = true;
        figures.arch = row.arch;
        figures.dram_channels = row.dram_channels;
        figures.dram_per_channel = row.dram_per_channel;
        figures.l1_per_core = row.l1_per_core;
    }
    const StatsReader* stats = reader();
    if (device < 0) figures.is_available = figures.devices != 0;  // a question about all of them
    if (stats == nullptr || device < 0) return figures;
    for (const tidemark_memory_row& row : stats->all<tidemark_memory_row>()) {
        if (row.device != number || row.capacity_known == 0) continue;
        if (row.memory == TIDEMARK_MEMORY_DRAM) figures.total_dram = row.capacity;
        if (row.memory == TIDEMARK_MEMORY_L1) figures.total_l1 = row.capacity;
    }
    for (const tidemark_usage_row& row : stats->all<tidemark_usage_row>()) {
        if (row.device != number) continue;
        if (std::uint64_t* place = place_of(figures, row.pool)) *place += row.current;
        figures.buffers += row.live;
        figures.allocations += row.allocations;
        figures.frees += row.frees;
    }
    add_leftovers(number, now_ns, figures);
    return figures;
}

void PublishedFigures::add_leftovers(std::uint32_t device, std::uint64_t now_ns,
                                     DeviceFigures& figures) {
    std::erase_if(leftovers_, [now_ns](const auto& left) { return left.until_ns <= now_ns; });
    for (const Leftover& left : leftovers_) {
        if (left.device != device) continue;
        if (std::uint64_t* place = place_of(figures, left.pool)) *place += left.bytes;
        figures.buffers += left.buffers;
    }
}

void PublishedFigures::remember(const std::vector<HeldBuffers::Freed>& left,
                                std::uint64_t until_ns) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, Leftover> sums;
    for (const HeldBuffers::Freed& held : left) {
        const auto [device, pool, id] = held.key;
        Leftover& sum =
            sums.try_emplace({device, pool}, Leftover{until_ns, device, pool, 0, 0}).first->second;
        sum.bytes += held.buffer.size;
        ++sum.buffers;
    }
    for (const auto& [key, sum] : sums)
        leftovers_.push_back(sum);
}

}  // namespace tidemark::collector::gateway
