// SPDX-License-Identifier: Apache-2.0
//
// The three lines that ask what this program has allocated, by the older monitor's names.
#include <cstdio>

#include "tt_metal/impl/profiler/tracy_memory_monitor.hpp"

using tt::tt_metal::TracyMemoryMonitor;

int main() {
    // What a device's allocator tells; tt-metal does so itself.
    TracyMemoryMonitor::instance().track_allocation(0, 0x1000, 64 << 20,
                                                    TracyMemoryMonitor::BufferType::DRAM);

    auto& monitor = TracyMemoryMonitor::instance();
    auto stats = monitor.query_device(0);
    std::printf("DRAM: %llu bytes in %llu buffers\n",
                static_cast<unsigned long long>(stats.dram_allocated),
                static_cast<unsigned long long>(stats.num_buffers));
}
