// SPDX-License-Identifier: Apache-2.0
//
// The in-process monitor: what this program has allocated, per device and pool, at once and without a collector. C++17
// and later; link Tidemark::monitor (or pkg-config tidemark-monitor). What it is told also goes to the ring, and so to
// every viewer, if tracking is enabled (producer.h); a buffer is told of here or there, never both.
//
//     auto& monitor = tidemark::Monitor::instance();
//     monitor.track_allocation(0, tidemark::Pool::kDram, address, bytes);    // after it exists
//     monitor.query_device(0).current[TIDEMARK_POOL_DRAM];                   // sees it
//     monitor.track_deallocation(0, address);                                // before it goes
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "pools.hpp"

namespace tidemark {

// Any thread may call anything. Nothing here throws, aborts or changes errno; what can't be kept is counted in Problems.
// fork is safe: the child goes on with a copy of the figures. Not safe in a signal handler that interrupted one of these
// calls: fork, longjmp, reset(), active_buffers(), registry_bytes(). In a program that will enter a seccomp sandbox: tables
// grow by mmap, and a thread that waits for another one may sleep by nanosleep.
class Monitor {
public:
    static constexpr std::uint32_t kMaxDevices = 64;  // numbers 0 to 63
    static constexpr std::uint32_t kPools = 7;  // DRAM to KERNEL, as tidemark_pool numbers them
    static constexpr std::uint32_t kBufferPools = 5;  // DRAM to TRACE

    // Who reports. Two of them may report one buffer, each its allocation and its free, and it counts once: an allocation
    // of the same device, pool, id and size as a live one, from one who had not reported it, is the same buffer; the first
    // free ends it, the other's is expected. Two allocations from one reporter are a duplicate.
    enum class Reporter : std::uint32_t { kProgram = 0, kClient = 1, kAdapter = 2 };

    // Bytes and counts of one pool. live, current and peaks: now and at most; the others: since the start or reset().
    struct PoolFigures {
        std::uint64_t current;      // bytes
        std::uint64_t peak;         // highest `current`; exact, also under threads
        std::uint64_t live;         // buffers
        std::uint64_t peak_live;    // highest `live`
        std::uint64_t allocations;  // duplicates too
        std::uint64_t frees;        // of buffers that were known
        std::uint64_t
            duplicates;  // allocations of a live buffer: the new size stands, the old life ends unseen
    };

    // All pools of a device at one moment. Arrays are indexed by tidemark_pool.
    struct DeviceFigures {
        std::array<std::uint64_t, kPools> current;  // bytes
        std::array<std::uint64_t, kPools> peak;     // bytes; each pool's own
        std::uint64_t live;                         // buffers of all pools; so are the next two
        std::uint64_t allocations;
        std::uint64_t frees;
        // False if writers were quicker than some hundred tries, or one of them was stopped between two stores of an
        // event: then every number is one that was true, but they may be of different moments.
        bool consistent;
    };

    // The pools DRAM to TRACE, by the names of the older interface. Bytes, and counts of these pools alone.
    struct BufferFigures {
        std::uint64_t dram_allocated;
        std::uint64_t l1_allocated;
        std::uint64_t system_memory_allocated;
        std::uint64_t l1_small_allocated;
        std::uint64_t trace_allocated;
        std::uint64_t num_buffers;
        std::uint64_t total_allocs;
        std::uint64_t total_frees;
        std::uint64_t dram_peak;
        std::uint64_t l1_peak;
        std::uint64_t system_memory_peak;
        std::uint64_t l1_small_peak;
        std::uint64_t trace_peak;
    };

    struct Buffer {
        std::uint64_t id;
        std::uint64_t size;  // bytes
        std::uint32_t device;
        Pool pool;
        std::chrono::steady_clock::time_point allocated;  // within a microsecond
    };

    // What was told and could not be counted as it was told.
    struct Problems {
        std::uint64_t duplicates;       // sum over all pools
        std::uint64_t unknown_frees;    // no such live buffer here; sent to the ring as pool ANY
        std::uint64_t ambiguous_frees;  // the id was live in several pools: the newest was taken
        std::uint64_t invalid;          // device, pool or size out of range: not in these figures
        std::uint64_t nested;  // from a signal handler inside another call: to the ring only
        std::uint64_t
            out_of_memory;  // no room in the table: to the ring only; or a list that was cut short
    };

    // The one of this process. Never destroyed: destructors of static objects may still report.
    static Monitor& instance() noexcept;

    // For tests: empty, and its own. Its events go to the process's ring like any other's. fork does not lock it.
    Monitor() noexcept;
    ~Monitor();
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

    // A buffer exists. device: below kMaxDevices (one above, up to 0xFFFF, goes to the ring only and counts as invalid).
    // pool: DRAM to KERNEL. id: unique in its device and pool while it lives. size: bytes, below 2^48.
    void track_allocation(std::uint32_t device, Pool pool, std::uint64_t id, std::uint64_t size,
                          Reporter reporter = Reporter::kProgram) noexcept;

    // A buffer is about to go, from whichever pool holds it (if several do, the newest). The free is in the ring before
    // this returns. A buffer that is not known (never told, or forgotten by reset) changes no figure here.
    void track_deallocation(std::uint32_t device, std::uint64_t id,
                            Reporter reporter = Reporter::kProgram) noexcept;
    // The same where the pool is known.
    void track_deallocation(std::uint32_t device, Pool pool, std::uint64_t id,
                            Reporter reporter = Reporter::kProgram) noexcept;

    // Lock-free, bounded, some nanoseconds. Zeros for a device out of range.
    DeviceFigures query_device(std::uint32_t device) const noexcept;
    // The same for the older interface, written where the caller wants it.
    void query_buffers(std::uint32_t device, BufferFigures& figures) const noexcept;
    // One pool: untorn unless its writer was stopped in the middle, as above. Lock-free.
    PoolFigures query_pool(std::uint32_t device, Pool pool) const noexcept;
    Problems problems() const noexcept;

    // The live buffers of a device, oldest first. Takes each shard's lock in turn: exact while nobody allocates.
    std::vector<Buffer> active_buffers(std::uint32_t device) const noexcept;

    // Zeroes the figures, peaks and problems, and forgets the live buffers. What the collector knows stays.
    void reset() noexcept;

    // Bytes of memory that the table of live buffers takes now. Takes each shard's lock in turn.
    std::uint64_t registry_bytes() const noexcept;

    // A call with a device that its caller's interface has no place for: counted as invalid, told on standard error the
    // first time. `caller` names the interface, `limit` the number of its devices.
    void refuse_device(const char* caller, std::int64_t device, int limit) noexcept;

    struct State;  // private to the library

private:
    explicit Monitor(State* state) noexcept;
    void free_buffer(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                     Reporter reporter) noexcept;

    State* state_;
};

}  // namespace tidemark
