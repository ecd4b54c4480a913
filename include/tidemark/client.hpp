// SPDX-License-Identifier: Apache-2.0
//
// What the older allocation client reports and asks, under our own names: buffers, circular buffers and kernels into the
// in-process monitor and so into the ring, and the totals of a device over all programs out of the stats segment. Link
// Tidemark::monitor. Reports do nothing unless the environment enables tracking (producer.h); a device below 0 is counted
// as invalid. Any thread; nothing throws.
#pragma once

#include <cstdint>

namespace tidemark::client {

bool is_enabled() noexcept;

// As Monitor::track_*, by Reporter::kClient: a program that tells the monitor of the same buffers counts them once.
// pool: a BufferType, DRAM 0 to TRACE 4.
void allocation(int device, std::uint64_t size, std::uint32_t pool, std::uint64_t id) noexcept;
void deallocation(int device, std::uint64_t id) noexcept;

enum class Kind : std::uint32_t { kCircularBuffer, kKernel };

// Circular buffers and kernels have ids that repeat: an index within each program, a cached program that is loaded twice.
// So each `begin` is an instance of its own under {device, kind, id}; `end` ends the newest one of that size, if there is
// none the newest. An instance goes by `id` where no other one of the process has it, else by id + (n << 40).
// type: of a kernel, 0 application, 1 fabric, 2 dispatch, else counted as application. False: tracking is off, the device
// is out of range, or `end` found no instance; the last is counted as an unknown free and sent to the ring all the same.
bool begin(Kind kind, int device, std::uint64_t size, std::uint64_t id,
           std::uint32_t type = 0) noexcept;
bool end(Kind kind, int device, std::uint64_t size, std::uint64_t id) noexcept;

// Bytes of this program's kernels of that type that are loaded now.
std::uint64_t kernel_bytes(int device, std::uint32_t type) noexcept;

// A device over all programs, in bytes, by pool. Published figures; if this program is tracked, what it recorded before
// the call is waited for, 100 ms at most.
struct DeviceTotals {
    std::uint64_t dram = 0;
    std::uint64_t l1 = 0;
    std::uint64_t system_memory = 0;
    std::uint64_t l1_small = 0;
    std::uint64_t trace = 0;
    std::uint64_t cb = 0;
    std::uint64_t kernel = 0;
    // False: no collector runs, and the figures are unknown, not 0.
    bool is_available = false;
};
// Of the collector that TIDEMARK_INSTANCE names, else the user's own, else root's. Finds a restarted one again.
DeviceTotals query_device(int device) noexcept;

}  // namespace tidemark::client
