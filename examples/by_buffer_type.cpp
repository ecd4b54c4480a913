// SPDX-License-Identifier: Apache-2.0
//
// A device's memory by type of buffer, with the share of each.
#include <cstdio>

#include "tt_metal/impl/profiler/tracy_memory_monitor.hpp"

using tt::tt_metal::TracyMemoryMonitor;
using BufferType = TracyMemoryMonitor::BufferType;

int main() {
    struct Type {
        BufferType type;
        const char* name;
    };
    constexpr Type kTypes[] = {{BufferType::DRAM, "DRAM"},
                               {BufferType::L1, "L1"},
                               {BufferType::SYSTEM_MEMORY, "SYSTEM_MEMORY"},
                               {BufferType::L1_SMALL, "L1_SMALL"},
                               {BufferType::TRACE, "TRACE"}};
    auto& monitor = TracyMemoryMonitor::instance();
    std::uint64_t size = 1 << 20;
    for (const Type& one : kTypes) {
        monitor.track_allocation(0, 0x1000, size, one.type);
        size /= 2;
    }

    const auto stats = monitor.query_device(0);
    const auto total = static_cast<double>(stats.get_total_allocated());
    for (const Type& one : kTypes)
        std::printf("%-14s %8llu bytes  %5.1f %%\n", one.name,
                    static_cast<unsigned long long>(stats.get_allocated(one.type)),
                    100.0 * static_cast<double>(stats.get_allocated(one.type)) / total);
}
