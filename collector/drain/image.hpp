// SPDX-License-Identifier: Apache-2.0
//
// One image as the drain thread knows it: its ring while it runs, its account, what it has been counted with, and the
// rows it is published in. Plain data; the registry makes and ends it, the pass drains it, the publisher shows it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "collector/drain/account.hpp"
#include "collector/drain/ring.hpp"
#include "collector/drain/totals.hpp"
#include "collector/ending.hpp"

namespace tidemark::collector {

// How far the search for what an ended image left has come. Its table is at rest; if it moves after all, from the start.
struct LeakWalk {
    std::uint64_t events = 0;  // of the account when it began
    std::uint32_t slot = 0;
    std::uint64_t bytes = 0, buffers = 0;
    std::uint64_t bytes_covered = 0, buffers_covered = 0;  // its process's own ring has them
};

struct Image {
    bool is_told_by_socket() const noexcept { return identity.origin == TIDEMARK_ORIGIN_SOCKET; }

    ImageIdentity identity;
    std::unique_ptr<Account> account;  // null once exited and published for the last time
    std::unique_ptr<Ring> ring;        // null once drained to the end
    static constexpr std::uint32_t kNoGroup = UINT32_MAX;
    std::uint32_t news_group = kNoGroup;  // of its ring; the rota's
    bool is_watched_ring = false;         // the rota's
    std::uint64_t turn = 0;  // the last one that it had news for; these two are FairShare's
    std::uint64_t waits_since_ns = 0;  // CLOCK_MONOTONIC
    CountedAccount counted;
    bool ended = false;  // its producer let go; what is published is still to be drained
    bool ended_by_exec = false;
    bool sandboxed = false;   // as its ring said last
    bool is_watched = false;  // somebody will say how its process ended
    // Of a socket client: the collector that wrote its ring ended before it did. What it told since is not known.
    bool is_cut_off = false;
    Ending ending;
    // Once exited, until its end was told: the row as published, and what it left.
    std::unique_ptr<tidemark_process_row> untold_row;
    std::uint64_t untold_bytes = 0, untold_buffers = 0;
    LeakWalk leaks;
    std::uint64_t tell_at_ns = 0;  // CLOCK_MONOTONIC: no longer than that
    bool exited = false;           // folded into the ledger
    std::uint64_t exit_unix_ns = 0;
    std::uint64_t forget_at_ns = 0;  // CLOCK_MONOTONIC, once exited
    bool quarantine_told = false;
    bool table_full_told = false;
    // The other image of the same process, if it reports both through its ring and through a socket; see coverage.hpp.
    Image* sibling = nullptr;
    std::uint32_t declarations_seen = 0;
    shm::LossCounter loss_counted[TIDEMARK_LOSS_CAUSE_COUNT] = {};  // in the collector's sums

    // Rows of the stats segment; UINT32_MAX: none.
    std::uint32_t process_row = UINT32_MAX;
    std::vector<std::uint32_t> usage_rows;
    bool rows_lack_space = false;  // some could not be published; again with a heartbeat
};

}  // namespace tidemark::collector
