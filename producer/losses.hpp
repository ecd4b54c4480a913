// SPDX-License-Identifier: Apache-2.0
//
// Counting what could not be kept: by cause in the ring's header (or in private memory while there is no ring), and
// beside the lane that lost it, for the gap record that says where. Any thread, any signal handler; atomic additions.
#pragma once

#include <cstdint>

#include "shm/event.hpp"
#include "shm/ring_layout.hpp"

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

struct LossTable {
    shm::LossCounter by_cause[TIDEMARK_LOSS_CAUSE_COUNT];
};

// Since the last gap record. Zero: nothing was lost.
struct GapNote {
    std::uint64_t stamp;  // of the first
    std::uint64_t allocations;
    std::uint64_t frees;
    std::uint64_t bytes;

    bool is_open() const noexcept {
        return (__atomic_load_n(&allocations, __ATOMIC_RELAXED) |
                __atomic_load_n(&frees, __ATOMIC_RELAXED)) != 0;
    }
};

// Counts one lost event; `note` is its lane's, nullptr if it had none.
void count_loss(tidemark_loss_cause cause, const shm::Event& event, GapNote* note) noexcept;

// Moves what is noted in `from` over to `to`.
void move_gap(GapNote& from, GapNote& to) noexcept;

// Takes the note and answers its gap record.
shm::Event take_gap(GapNote& note) noexcept;

// Moves losses counted while there was no ring into its header.
void send_losses(shm::RingHeader& header) noexcept;

}  // namespace tidemark::producer

#pragma GCC visibility pop
