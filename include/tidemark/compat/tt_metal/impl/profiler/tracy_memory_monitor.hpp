// SPDX-License-Identifier: Apache-2.0
//
// TracyMemoryMonitor as older programs know it: same path, names, types and calls, over tidemark::Monitor, which says
// what is promised. Link Tidemark::compat. Differences: figures have peaks beside them, and what is told also goes to the
// ring when tracking is enabled.
//
//     auto& monitor = tt::tt_metal::TracyMemoryMonitor::instance();
//     auto stats = monitor.query_device(0);
//     std::cout << stats.dram_allocated << '\n';
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <vector>

#include "../../../../monitor.hpp"

namespace tt::tt_metal {

// This program's memory on devices 0 to 7. Any thread; nothing throws. A device out of range has no figures here: the call
// is counted (problems().invalid) and told on standard error once; 8 to 63 still reach tidemark::Monitor and the ring.
class TracyMemoryMonitor {
public:
    static constexpr int MAX_DEVICES = 8;

    // As DESIGN numbers pools. CB and KERNEL memory, which older interfaces report elsewhere, is not in these figures.
    enum class BufferType : std::uint8_t {
        DRAM = 0,
        L1 = 1,
        SYSTEM_MEMORY = 2,
        L1_SMALL = 3,
        TRACE = 4,
    };

    // Bytes and counts: dram_allocated, l1_allocated, system_memory_allocated, l1_small_allocated, trace_allocated,
    // num_buffers, total_allocs, total_frees; beside them each pool's own peak: dram_peak ... trace_peak.
    struct DeviceMemoryStats : tidemark::Monitor::BufferFigures {
        DeviceMemoryStats() noexcept : BufferFigures{} {}

        std::uint64_t get_total_allocated() const {
            return dram_allocated + l1_allocated + system_memory_allocated + l1_small_allocated +
                   trace_allocated;
        }
        std::uint64_t get_allocated(BufferType type) const {
            const std::uint64_t by_type[] = {dram_allocated, l1_allocated, system_memory_allocated,
                                             l1_small_allocated, trace_allocated};
            return static_cast<std::size_t>(type) < 5 ? by_type[static_cast<std::size_t>(type)] : 0;
        }
        std::uint64_t get_peak(BufferType type) const {
            const std::uint64_t by_type[] = {dram_peak, l1_peak, system_memory_peak, l1_small_peak,
                                             trace_peak};
            return static_cast<std::size_t>(type) < 5 ? by_type[static_cast<std::size_t>(type)] : 0;
        }

    private:
        friend class TracyMemoryMonitor;
        // Filled where it lies; a device below 0 gives zeros.
        DeviceMemoryStats(const tidemark::Monitor& monitor, int device) noexcept {
            monitor.query_buffers(static_cast<std::uint32_t>(device), *this);
        }
    };

    struct BufferInfo {
        std::uint64_t buffer_id = 0;
        int device_id = 0;
        std::uint64_t size = 0;
        BufferType buffer_type = BufferType::DRAM;
        std::chrono::steady_clock::time_point alloc_time;
    };

    static TracyMemoryMonitor& instance() {
        static TracyMemoryMonitor only;
        return only;
    }
    TracyMemoryMonitor(const TracyMemoryMonitor&) = delete;
    TracyMemoryMonitor& operator=(const TracyMemoryMonitor&) = delete;

    void track_allocation(int device, std::uint64_t buffer_id, std::uint64_t size,
                          BufferType type) noexcept {
        if (!is_shown(device)) refuse(device);
        if (device < 0) return;
        // A number that is no BufferType must not land in the pools behind them.
        const auto number = static_cast<std::uint32_t>(type);
        const auto pool = number < 5 ? static_cast<tidemark::Pool>(number) : tidemark::Pool::kAny;
        monitor_.track_allocation(static_cast<std::uint32_t>(device), pool, buffer_id, size);
    }
    void track_deallocation(int device, std::uint64_t buffer_id) noexcept {
        if (!is_shown(device)) refuse(device);
        if (device < 0) return;
        monitor_.track_deallocation(static_cast<std::uint32_t>(device), buffer_id);
    }

    // Lock-free; sees every call that this thread made before.
    DeviceMemoryStats query_device(int device) const noexcept {
        return DeviceMemoryStats(monitor_, is_shown(device) ? device : -1);
    }
    std::array<DeviceMemoryStats, MAX_DEVICES> query_all_devices() const noexcept {
        std::array<DeviceMemoryStats, MAX_DEVICES> all;
        for (int device = 0; device < MAX_DEVICES; ++device)
            all[static_cast<std::size_t>(device)] = query_device(device);
        return all;
    }

    std::size_t get_active_buffer_count(int device) const noexcept {
        return static_cast<std::size_t>(query_device(device).num_buffers);
    }
    // Oldest first. Takes locks. Without memory for the list: cut short, and counted.
    std::vector<BufferInfo> get_active_buffers(int device) const noexcept {
        std::vector<BufferInfo> list;
        if (!is_shown(device)) return list;
        const auto buffers = monitor_.active_buffers(static_cast<std::uint32_t>(device));
        try {
            list.reserve(buffers.size());
        } catch (const std::exception&) {
            return list;
        }
        for (const auto& buffer : buffers) {
            const auto type = static_cast<std::uint32_t>(buffer.pool);
            if (type < 5)
                list.push_back({buffer.id, device, buffer.size, static_cast<BufferType>(type),
                                buffer.allocated});
        }
        return list;
    }

    // Zeroes figures, peaks and problems, and forgets the live buffers; the collector forgets nothing.
    void reset() noexcept { monitor_.reset(); }

    tidemark::Monitor::Problems problems() const noexcept { return monitor_.problems(); }

    // Whether the library was built to forward events to Tracy.
    static constexpr bool is_tracy_enabled() {
#if defined(TIDEMARK_TRACY) && TIDEMARK_TRACY
        return true;
#else
        return false;
#endif
    }

private:
    TracyMemoryMonitor() noexcept : monitor_(tidemark::Monitor::instance()) {}

    static constexpr bool is_shown(int device) { return device >= 0 && device < MAX_DEVICES; }
    void refuse(int device) noexcept {
        monitor_.refuse_device("TracyMemoryMonitor", device, MAX_DEVICES);
    }

    tidemark::Monitor& monitor_;
};

}  // namespace tt::tt_metal
