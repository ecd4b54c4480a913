// SPDX-License-Identifier: Apache-2.0
//
// The stacks of one ring, each kept once: an index in private memory, entries in the segment (shm/call_sites.hpp). Any
// thread, also handlers; no lock. A thread writes an entry that nobody knows of, then puts its number into the index
// with one compare-and-swap; who loses that race uses the winner's entry, or goes on to the next place. Entries are
// never changed and never taken back. A thread that ends in between leaves an entry that nobody names.
//
//   index   [ 0 | tag, 7 | 0 | tag, 2 | tag, 9 | 0 ...]      by hash, at most kProbes places from there
//   entries [ 1 | 2 | 3 | ... | next ...... | ready ...]     ready: as far as their memory is present
#pragma once

#include <cstdint>

#include "shm/call_sites.hpp"
#include "shm/raw_segment.hpp"

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

// Zero is its valid state: no call sites. In memory of its own ring's state, gone with it.
struct StackTable {
    std::uint64_t* entries;  // nullptr: none are recorded
    std::uint64_t* dropped;  // the ring's counter
    std::uint64_t offset;    // of the entries in the ring
    std::uint32_t frames;    // of an entry, at most
    std::uint32_t next;      // atomic; entries given out
    std::uint32_t ready;     // atomic; entries whose memory is present
    std::uint32_t
        unready;  // atomic; 1: the last try to get memory failed, none is made before another ring
    std::uint64_t grown;                          // atomic; bytes made present, not yet told
    std::uint64_t index[2 * shm::kStackEntries];  // atomic; hash's upper half, number from 1

    void begin(const shm::RawRing& ring, std::uint64_t at, std::uint32_t frames_of_entry) noexcept;

    // The number of this stack, from 1; 0: no room for it, which is counted. `may_grow`: more memory may be asked for.
    // `is_new`: nobody had it before.
    std::uint32_t number_of(const shm::RawRing& ring, const std::uint64_t* stack,
                            std::uint32_t count, bool may_grow, bool& is_new) noexcept;

    // Bytes made present since it was last asked.
    std::uint64_t take_grown() noexcept {
        if (__atomic_load_n(&grown, __ATOMIC_RELAXED) == 0) return 0;
        return __atomic_exchange_n(&grown, std::uint64_t{0}, __ATOMIC_RELAXED);
    }

private:
    std::uint32_t keep(const shm::RawRing& ring, const std::uint64_t* stack, std::uint32_t count,
                       bool may_grow) noexcept;
    bool make_ready(const shm::RawRing& ring) noexcept;
    bool is_same(std::uint64_t number, const std::uint64_t* stack,
                 std::uint32_t count) const noexcept;
    std::uint64_t* entry(std::uint64_t number) const noexcept {
        return entries + (number - 1) * shm::stack_entry_words(frames);
    }
};

}  // namespace tidemark::producer

#pragma GCC visibility pop
