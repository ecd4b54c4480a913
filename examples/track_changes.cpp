// SPDX-License-Identifier: Apache-2.0
//
// What one operation changed: figures before and after it, and its peak.
#include <cstdio>

#include "tt_metal/impl/profiler/tracy_memory_monitor.hpp"

using tt::tt_metal::TracyMemoryMonitor;
using BufferType = TracyMemoryMonitor::BufferType;

namespace {

// An operation that needs room for a while and leaves its result.
void operation() {
    auto& monitor = TracyMemoryMonitor::instance();
    monitor.track_allocation(0, 0x100000, 8 << 20, BufferType::DRAM);
    monitor.track_allocation(0, 0x200000, 1 << 20, BufferType::L1);
    monitor.track_allocation(0, 0x300000, 2 << 20, BufferType::DRAM);
    monitor.track_deallocation(0, 0x100000);
    monitor.track_deallocation(0, 0x200000);
}

long long change(std::uint64_t before, std::uint64_t after) {
    return static_cast<long long>(after) - static_cast<long long>(before);
}

}  // namespace

int main() {
    const auto& monitor = TracyMemoryMonitor::instance();
    const auto before = monitor.query_device(0);
    operation();
    const auto after = monitor.query_device(0);

    std::printf("DRAM     %+lld bytes, at most %llu\n",
                change(before.dram_allocated, after.dram_allocated),
                static_cast<unsigned long long>(after.dram_peak));
    std::printf("L1       %+lld bytes, at most %llu\n",
                change(before.l1_allocated, after.l1_allocated),
                static_cast<unsigned long long>(after.l1_peak));
    std::printf("buffers  %+lld, %lld allocated, %lld freed\n",
                change(before.num_buffers, after.num_buffers),
                change(before.total_allocs, after.total_allocs),
                change(before.total_frees, after.total_frees));
}
