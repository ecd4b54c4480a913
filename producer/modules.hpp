// SPDX-License-Identifier: Apache-2.0
//
// The executable mappings of the process, kept in the ring beside the stacks, so that a viewer can name a return
// address after the process is gone. They are read again when a new stack holds an address that lies in none of
// them: at once the first few times, then every 100 ms at most (code made at run time lies in no file). Never in a
// sandbox, nor in a handler.
#pragma once

#include <cstdint>

#include "shm/call_sites.hpp"
#include "shm/raw_segment.hpp"

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

// Reads this process's memory through the kernel, since another thread may unmap it. False: it isn't there, or the
// kernel doesn't allow it.
bool copy_own_memory(std::uint64_t from, void* to, std::uint64_t bytes) noexcept;

// Zero is its valid first state. Written under the page lock.
struct ModuleTable {
    shm::Module* modules;  // in the ring
    std::uint32_t used;    // atomic
    std::uint32_t looks;
    std::uint32_t wanted;   // atomic; 1: an address was seen that lies in no known mapping
    std::uint64_t next_ns;  // atomic; CLOCK_MONOTONIC_COARSE, not before it
    struct Range {
        std::uint64_t begin, end;     // atomic
        std::uint64_t unwind_header;  // where .eh_frame_hdr is mapped; 0: unknown
    } ranges[shm::kModuleEntries];
    std::byte scratch[4096];

    void begin(const shm::RawRing& ring, std::uint64_t offset) noexcept;
    bool knows(std::uint64_t address) const noexcept;
    bool is_time() const noexcept;
    // Under the page lock. Where the unwind tables of the code at this address are; 0: unknown.
    std::uint64_t unwind_header(std::uint64_t address) const noexcept;
    // Under the page lock, signals blocked. Makes complete what it can; the rest stays unknown.
    void look(const shm::RawRing& ring) noexcept;

private:
    bool has(const shm::Module& module) const noexcept;
    bool add(const shm::RawRing& ring, const shm::Module& module,
             std::uint64_t unwind_header) noexcept;
    std::uint64_t read_file(std::uint64_t base, shm::Module& module) noexcept;
};

}  // namespace tidemark::producer

#pragma GCC visibility pop
