// SPDX-License-Identifier: Apache-2.0
//
// An entry of the live table: what of an event it is, where it belongs, and how it is stored.
#pragma once

#include <cstdint>

#include "shm/event.hpp"
#include "shm/kill_point.hpp"
#include "tidemark/account_abi.h"

namespace tidemark::collector {

inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const auto product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline tidemark_account_entry entry_of(const shm::Event& event) noexcept {
    const std::uint64_t life =
        event.size() | (std::uint64_t{event.pool()} << TIDEMARK_LIFE_POOL_SHIFT) |
        TIDEMARK_LIFE_LIVE | ((event.stamp >> 3) << TIDEMARK_LIFE_STAMP_SHIFT);
    return {life, event.id, event.stamp, event.device, event.stack};
}

// Low half: bits for the directory. High half: the entry where probing begins. `seed`: two secret words.
//
// The directory's first 12 bits are those of a neighbourhood, the ids that differ in bits 4 to 10 alone: a program's
// buffers come and go in neighbourhoods, so most events touch a page that the last ones touched. The 13th parts a
// neighbourhood in two, for two that are full don't fit into a page; from the 17th on they are of the whole id. So a
// split takes a page apart without the directory growing far beyond what the number of pages needs.
// Within the page a neighbourhood's cache lines are scattered evenly (multiples of the golden ratio); ids in 128 bytes
// share a line of two entries. Measured in docs/decisions/live-table.md.
inline std::uint64_t live_hash(const std::uint64_t (&seed)[2], std::uint32_t device,
                               std::uint64_t id) noexcept {
    constexpr std::uint64_t kNeighbourBits = 0xFFFF;
    constexpr std::uint64_t kPairLines = TIDEMARK_ACCOUNT_PAGE_ENTRIES / 2;
    const std::uint64_t neighbourhood = ((id >> 11) << 4) | (id & 15);
    const std::uint64_t h =
        fold(fold(neighbourhood ^ seed[0], 0x9E3779B97F4A7C15ull ^ device) ^ seed[1],
             0xD6E8FEB86659FD93ull);
    const std::uint64_t own = fold(id ^ h, seed[0] | 1) & 0xFFFFFFFFu;
    const auto scattered = static_cast<std::uint32_t>(((h >> 32) + (id >> 7)) * 0x9E3779B9u);
    // The page's first line holds its header and one entry; the others hold two.
    const std::uint64_t line = (scattered * kPairLines) >> 32;
    const std::uint64_t start = 1 + 2 * line + ((id >> 6) & 1);
    const std::uint64_t parted = h ^ (((id >> 10) & 1) << 12);
    return (start << 32) | (own & ~kNeighbourBits) | (parted & kNeighbourBits);
}

// The entry that probing looks at after this one.
inline std::uint32_t next(std::uint32_t place) noexcept {
    return place + 1 == TIDEMARK_ACCOUNT_PAGE_ENTRIES ? 0 : place + 1;
}

// SYNC(live-table): all releases, `life` last.
inline void store_entry(tidemark_account_entry& place,
                        const tidemark_account_entry& with) noexcept {
    TIDEMARK_SHARED_STORE("table.id", __atomic_store_n(&place.id, with.id, __ATOMIC_RELEASE));
    // SYNC(live-table)
    TIDEMARK_SHARED_STORE("table.stamp",
                          __atomic_store_n(&place.stamp, with.stamp, __ATOMIC_RELEASE));
    TIDEMARK_SHARED_STORE("table.device",
                          __atomic_store_n(&place.device, with.device, __ATOMIC_RELEASE));
    TIDEMARK_SHARED_STORE("table.stack",
                          __atomic_store_n(&place.stack, with.stack, __ATOMIC_RELEASE));
    // SYNC(live-table)
    TIDEMARK_SHARED_STORE("table.life", __atomic_store_n(&place.life, with.life, __ATOMIC_RELEASE));
}

}  // namespace tidemark::collector
