// SPDX-License-Identifier: Apache-2.0
//
// Whether this build forwards events to Tracy, and by which names they are found there.
#include <cstdio>

#include "tt_metal/impl/profiler/tracy_memory_monitor.hpp"

using tt::tt_metal::TracyMemoryMonitor;

int main() {
    TracyMemoryMonitor::instance().track_allocation(0, 0x1000, 1 << 20,
                                                    TracyMemoryMonitor::BufferType::DRAM);
    if constexpr (TracyMemoryMonitor::is_tracy_enabled())
        std::puts("Tracy: yes; its memory window has pools TT_Dev0_DRAM, TT_Dev0_L1 ...");
    else
        std::puts("Tracy: no; build Tidemark with -DTIDEMARK_TRACY=ON");
    const auto stats = TracyMemoryMonitor::instance().query_device(0);
    std::printf("DRAM: %llu bytes, with Tracy or without\n",
                static_cast<unsigned long long>(stats.dram_allocated));
}
