// SPDX-License-Identifier: Apache-2.0
//
// A leak check around a loop: exit status 1 and the list of what the loop left, or 0. With an argument it leaks nothing:
//
//     bin/example.leak_check [clean]
#include <chrono>
#include <cstdio>
#include <set>

#include "tt_metal/impl/profiler/tracy_memory_monitor.hpp"

using tt::tt_metal::TracyMemoryMonitor;

namespace {

void iteration(std::uint64_t number, bool leaks) {
    auto& monitor = TracyMemoryMonitor::instance();
    const std::uint64_t address = 0x10000 + 0x1000 * number;
    monitor.track_allocation(0, address, 4096, TracyMemoryMonitor::BufferType::L1);
    if (!leaks || number % 4 != 3) monitor.track_deallocation(0, address);
}

}  // namespace

int main(int argc, char**) {
    auto& monitor = TracyMemoryMonitor::instance();
    monitor.track_allocation(0, 0x1000, 1 << 20, TracyMemoryMonitor::BufferType::DRAM);  // weights

    std::set<std::uint64_t> known;
    for (const auto& buffer : monitor.get_active_buffers(0))
        known.insert(buffer.buffer_id);
    for (std::uint64_t i = 0; i < 10; ++i)
        iteration(i, argc < 2);

    int leaks = 0;
    const auto now = std::chrono::steady_clock::now();
    for (const auto& buffer : monitor.get_active_buffers(0)) {
        if (known.count(buffer.buffer_id) != 0) continue;
        const auto age =
            std::chrono::duration_cast<std::chrono::milliseconds>(now - buffer.alloc_time);
        std::printf("leaked: 0x%llx, %llu bytes, %lld ms old\n",
                    static_cast<unsigned long long>(buffer.buffer_id),
                    static_cast<unsigned long long>(buffer.size),
                    static_cast<long long>(age.count()));
        ++leaks;
    }
    std::printf("%d buffers leaked\n", leaks);
    return leaks == 0 ? 0 : 1;
}
