// SPDX-License-Identifier: Apache-2.0
//
// What the environment says to the producer. Read once a process image; fork children inherit it.
#pragma once

#include <cstdint>

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

struct Settings {
    bool
        enabled;  // TIDEMARK_ENABLED=1 or TT_ALLOC_TRACKING_ENABLED=1, and not a set-user-id program
    bool drop;    // TIDEMARK_POLICY=drop
    std::uint64_t budget;  // TIDEMARK_RING_BUDGET, bytes, within its bounds
    std::uint32_t
        stacks;         // TIDEMARK_STACKS, frames of a call site, at most 32; 0: none are recorded
    char instance[64];  // TIDEMARK_INSTANCE, cut
};

// Any thread, any time; works before libc knows its environment.
void read_settings(Settings& settings) noexcept;

// Bytes: a number with K, M or G, also KB, MB, GB, all 1024-based. 0 if it is none of that or too large.
std::uint64_t parse_size(const char* text) noexcept;

}  // namespace tidemark::producer

#pragma GCC visibility pop
