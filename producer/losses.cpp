// SPDX-License-Identifier: Apache-2.0
//
// Losses by cause, and gaps.
#include "producer/losses.hpp"

#include "producer/process_state.hpp"
#include "shm/kill_point.hpp"

namespace tidemark::producer {
namespace {

using shm::Event;
using shm::LossCounter;
using shm::Operation;

void add(std::uint64_t& counter, std::uint64_t amount) noexcept {
    __atomic_fetch_add(&counter, amount, __ATOMIC_RELAXED);
}

std::uint64_t take(std::uint64_t& counter) noexcept {
    return __atomic_exchange_n(&counter, std::uint64_t{0}, __ATOMIC_RELAXED);
}

void add_to(LossCounter& counter, std::uint64_t allocations, std::uint64_t frees,
            std::uint64_t bytes) noexcept {
    if (allocations != 0)
        TIDEMARK_SHARED_STORE("loss.allocations", add(counter.allocations, allocations));
    if (frees != 0) TIDEMARK_SHARED_STORE("loss.frees", add(counter.frees, frees));
    if (bytes != 0) TIDEMARK_SHARED_STORE("loss.bytes", add(counter.bytes, bytes));
}

constexpr std::uint64_t at_most_32_bits(std::uint64_t count) noexcept {
    return count < 0xFFFFFFFFu ? count : 0xFFFFFFFFu;
}

}  // namespace

void count_loss(tidemark_loss_cause cause, const Event& event, GapNote* note) noexcept {
    const bool is_allocation = event.operation() == Operation::kAllocation;
    ProcessState* state = current_state();
    LossTable& unsent = process_page.unsent;
    LossCounter& counter = state != nullptr ? state->header().loss[cause] : unsent.by_cause[cause];
    add_to(counter, is_allocation, !is_allocation, event.size());

    GapNote& gap = note != nullptr ? *note : process_page.gap;
    std::uint64_t none = 0;
    __atomic_compare_exchange_n(&gap.stamp, &none, event.stamp, false, __ATOMIC_RELAXED,
                                __ATOMIC_RELAXED);
    add(gap.bytes, event.size());
    add(is_allocation ? gap.allocations : gap.frees, 1);
}

void move_gap(GapNote& from, GapNote& to) noexcept {
    if (!from.is_open()) return;
    const std::uint64_t stamp = take(from.stamp);
    std::uint64_t none = 0;
    __atomic_compare_exchange_n(&to.stamp, &none, stamp, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    add(to.bytes, take(from.bytes));
    add(to.allocations, take(from.allocations));
    add(to.frees, take(from.frees));
}

Event take_gap(GapNote& note) noexcept {
    const std::uint64_t stamp = take(note.stamp);
    const std::uint64_t allocations = at_most_32_bits(take(note.allocations));
    const std::uint64_t frees = at_most_32_bits(take(note.frees));
    std::uint64_t bytes = take(note.bytes);
    if (bytes > shm::kMaxEventSize) bytes = shm::kMaxEventSize;
    return Event{stamp, allocations << 32 | frees, pack(Operation::kGap, 0, bytes), 0, 0};
}

void send_losses(shm::RingHeader& header) noexcept {
    for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        LossCounter& from = process_page.unsent.by_cause[cause];
        add_to(header.loss[cause], take(from.allocations), take(from.frees), take(from.bytes));
    }
}

}  // namespace tidemark::producer
