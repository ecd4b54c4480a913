// SPDX-License-Identifier: Apache-2.0
//
// A thread watches while another one works, and warns when a threshold is passed. Ends by itself after so many looks:
//
//     bin/example.real_time_loop [LOOKS [MILLISECONDS]]
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "tt_metal/impl/profiler/tracy_memory_monitor.hpp"

using tt::tt_metal::TracyMemoryMonitor;

namespace {

constexpr std::uint64_t kThreshold = 4 << 20;

// Holds more and more, up to twice the threshold, and then that much.
void work(const std::atomic<bool>& stop) {
    auto& monitor = TracyMemoryMonitor::instance();
    for (std::uint64_t id = 1; !stop; ++id) {
        monitor.track_allocation(0, id, 1 << 20, TracyMemoryMonitor::BufferType::DRAM);
        if (id > 8) monitor.track_deallocation(0, id - 8);
        std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
}

}  // namespace

int main(int argc, char** argv) {
    const int looks = argc > 1 ? std::atoi(argv[1]) : 10;
    const std::chrono::milliseconds pause(argc > 2 ? std::atoi(argv[2]) : 100);
    std::atomic<bool> stop{false};
    std::thread worker(work, std::cref(stop));
    for (int i = 0; i < looks; ++i) {
        std::this_thread::sleep_for(pause);
        const auto stats = TracyMemoryMonitor::instance().query_device(0);
        std::printf("DRAM %10llu bytes  %3llu buffers%s\n",
                    static_cast<unsigned long long>(stats.dram_allocated),
                    static_cast<unsigned long long>(stats.num_buffers),
                    stats.dram_allocated > kThreshold ? "  above the threshold" : "");
    }
    stop = true;
    worker.join();
}
