// SPDX-License-Identifier: Apache-2.0
//
// All devices in one call; those that were never used are left out.
#include <cstdio>

#include "tt_metal/impl/profiler/tracy_memory_monitor.hpp"

using tt::tt_metal::TracyMemoryMonitor;

int main() {
    auto& monitor = TracyMemoryMonitor::instance();
    for (int device = 0; device < 4; ++device)
        for (std::uint64_t i = 0; i <= static_cast<std::uint64_t>(device); ++i)
            monitor.track_allocation(device, 0x1000 * (i + 1), 1 << 20,
                                     TracyMemoryMonitor::BufferType::DRAM);

    const auto all = monitor.query_all_devices();
    for (int device = 0; device < TracyMemoryMonitor::MAX_DEVICES; ++device) {
        const auto& stats = all[static_cast<std::size_t>(device)];
        if (stats.total_allocs == 0) continue;
        std::printf("device %d: %llu bytes in %llu buffers\n", device,
                    static_cast<unsigned long long>(stats.get_total_allocated()),
                    static_cast<unsigned long long>(stats.num_buffers));
    }
}
