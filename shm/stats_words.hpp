// SPDX-License-Identifier: Apache-2.0
//
// The writer's side of the stats segment's single words: passes, heartbeat, state, rows in use. Each is one atomic
// store; what a reader may conclude from it stands here and in shm/README.md. Rows and samples: latch.hpp.
//
// The collector's publishing thread only, except where said.
#pragma once

#include <atomic>
#include <cstdint>

#include "shm/kill_point.hpp"
#include "tidemark/stats_abi.h"

namespace tidemark::shm {

// Before the first row of publication `pass` is stored. The rows' own stores are releases, so whoever sees one of them
// also sees this; it needs no order of its own.
inline void begin_pass(tidemark_stats_header& header, std::uint64_t pass) {
    TIDEMARK_SHARED_STORE(
        "pass.begun", std::atomic_ref(header.pass_begun).store(pass, std::memory_order_relaxed));
}

// After its last row: whoever sees this sees every row of the publication.
inline void end_pass(tidemark_stats_header& header, std::uint64_t pass) {
    // SYNC(pass): pairs with the acquire of tidemark_reader_pass_ended.
    TIDEMARK_SHARED_STORE(
        "pass.ended", std::atomic_ref(header.pass_ended).store(pass, std::memory_order_release));
}

// Once the rows below `rows` have been published: a reader that sees the number may read them.
inline void publish_rows_used(tidemark_stats_table& table, std::uint32_t rows) {
    // SYNC(rows-used): pairs with the acquire of tidemark_reader_rows.
    TIDEMARK_SHARED_STORE("rows.used",
                          std::atomic_ref(table.rows_used).store(rows, std::memory_order_release));
}

// Any one thread. The count moves last: whoever sees it move sees times at least as new.
inline void publish_heartbeat(tidemark_stats_header& header, std::uint64_t unix_ns,
                              std::uint64_t monotonic_ns) {
    const std::uint64_t count =
        std::atomic_ref(header.heartbeat_count).load(std::memory_order_relaxed);
    TIDEMARK_SHARED_STORE(
        "heartbeat.unix",
        std::atomic_ref(header.heartbeat_unix_ns).store(unix_ns, std::memory_order_relaxed));
    TIDEMARK_SHARED_STORE("heartbeat.monotonic",
                          std::atomic_ref(header.heartbeat_monotonic_ns)
                              .store(monotonic_ns, std::memory_order_relaxed));
    // SYNC(heartbeat): last; pairs with the acquire of tidemark_reader_heartbeat_count.
    TIDEMARK_SHARED_STORE(
        "heartbeat.count",
        std::atomic_ref(header.heartbeat_count).store(count + 1, std::memory_order_release));
}

// STOPPED after the last figures are published; SUPERSEDED after the newer segment has the name, so that a reader who
// sees it and opens again finds the newer one.
inline void publish_state(tidemark_stats_header& header, tidemark_collector_state state) {
    // SYNC(collector-state): pairs with the acquire of tidemark_reader_state.
    TIDEMARK_SHARED_STORE("collector.state",
                          std::atomic_ref(header.state)
                              .store(static_cast<std::uint32_t>(state), std::memory_order_release));
}

}  // namespace tidemark::shm
