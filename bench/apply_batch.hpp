// SPDX-License-Identifier: Apache-2.0
//
// How apply.cpp and pipeline.cpp feed a store from memory: a batch to a commit, in chunks as the collector's pass.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "shm/event.hpp"

namespace tidemark::bench {

inline constexpr std::uint64_t kBatch = 4096;  // events between two commits
inline constexpr std::uint64_t kChunk = 512;   // as the collector's pass
inline constexpr std::uint64_t kAhead = 8;     // as the collector's pass

// Hashes first, then each event with those ahead of it prefetched.
template <class Store>
void apply_batch(Store& store, const shm::Event* events, std::uint64_t count) {
    std::array<std::uint64_t, kChunk> hashes;
    store.begin();
    for (std::uint64_t begun = 0; begun < count; begun += kChunk) {
        const std::uint64_t chunk = std::min(kChunk, count - begun);
        for (std::uint64_t i = 0; i < chunk; ++i)
            hashes[i] = store.hash(events[begun + i]);
        for (std::uint64_t i = 0; i < kAhead && i < chunk; ++i)
            store.prefetch(hashes[i]);
        for (std::uint64_t i = 0; i < chunk; ++i) {
            if (i + kAhead < chunk) store.prefetch(hashes[i + kAhead]);
            store.apply(events[begun + i], hashes[i]);
        }
    }
    store.commit();
}

template <class Store>
void apply_all(Store& store, const std::vector<shm::Event>& events) {
    for (std::uint64_t i = 0; i < events.size(); i += kBatch)
        apply_batch(store, events.data() + i, std::min<std::uint64_t>(kBatch, events.size() - i));
}

}  // namespace tidemark::bench
