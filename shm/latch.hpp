// SPDX-License-Identifier: Apache-2.0
//
// The writer's side of the stats segment's latches: a row, and a sample of a history. One writer per segment; readers
// are in stats_reader.h. Not for single words (stats_words.hpp), nor for making segments or choosing rows.
//
//     sequence   2k         2k+1         2k+2         2k+2, at rest
//     copy 0     state k    <- writing   state k+1    state k+1
//     copy 1     state k    state k      <- writing   state k+1
//     readers    copy 0     copy 1       copy 0       copy 0
//
// At every instant, so also when the writer is killed there, the copy that readers are sent to is whole.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "shm/kill_point.hpp"
#include "tidemark/stats_abi.h"

namespace tidemark::shm {

namespace latch_detail {

// SYNC(row-latch), SYNC(sample): every store of a latch is a release, so that whoever sees it sees all before it.
inline void store(std::uint64_t& word, std::uint64_t value) {
    std::atomic_ref(word).store(value, std::memory_order_release);
}

template <class Payload>
void store_payload(std::uint64_t* copy, const Payload& payload) {
    for (std::size_t i = 0; i < sizeof(Payload) / 8; ++i) {
        std::uint64_t word;
        std::memcpy(&word, reinterpret_cast<const std::byte*>(&payload) + i * 8, 8);
        TIDEMARK_SHARED_STORE("latch.word", store(copy[i], word));
    }
}

}  // namespace latch_detail

// Publishes `payload` in the row at `row` (8-byte aligned, of a table whose payload_size is at least that of Payload).
// The collector's publishing thread only.
template <class Payload>
void publish_row(void* row, std::uint32_t payload_size, const Payload& payload) {
    static_assert(std::is_trivially_copyable_v<Payload> && sizeof(Payload) % 8 == 0);
    static_assert(std::atomic_ref<std::uint64_t>::is_always_lock_free);
    auto* words = static_cast<std::uint64_t*>(row);
    std::uint64_t* copy0 = words + TIDEMARK_STATS_ROW_PREFIX / 8;
    std::uint64_t* copy1 = copy0 + payload_size / 8;
    // Our own word; nobody else stores to it.
    const std::uint64_t sequence = std::atomic_ref(words[0]).load(std::memory_order_relaxed);

    // SYNC(row-latch): pairs with the acquires of tidemark_reader_row.
    TIDEMARK_SHARED_STORE("latch.odd", latch_detail::store(words[0], sequence + 1));
    latch_detail::store_payload(copy0, payload);
    TIDEMARK_SHARED_STORE("latch.even", latch_detail::store(words[0], sequence + 2));
    latch_detail::store_payload(copy1, payload);
}

// Publishes a sample; `unix_ns`, not 0, says in which period it lies. Stores in the opposite order of the reader's
// loads. The pages of a ring must have been populated before its history row names it: a reader that touches a hole
// would be given a page, or SIGBUS when there is none. The collector's publishing thread only.
inline void publish_sample(tidemark_stats_sample& sample, std::uint64_t unix_ns,
                           std::uint64_t current, std::uint64_t highest) {
    // Two updates in a row never carry the same frame; ^1 stays within the period, whose length is even.
    const std::uint64_t before = std::atomic_ref(sample.time_guard).load(std::memory_order_relaxed);
    const std::uint64_t time = unix_ns == before ? unix_ns ^ 1 : unix_ns;
    // SYNC(sample): pairs with the acquires of tidemark_reader_sample.
    TIDEMARK_SHARED_STORE("sample.guard", latch_detail::store(sample.time_guard, time));
    TIDEMARK_SHARED_STORE("sample.current", latch_detail::store(sample.current, current));
    TIDEMARK_SHARED_STORE("sample.highest", latch_detail::store(sample.highest, highest));
    TIDEMARK_SHARED_STORE("sample.time", latch_detail::store(sample.time, time));
}

}  // namespace tidemark::shm
