// SPDX-License-Identifier: Apache-2.0
//
// What happens when a lane's fast path ends.
#include "producer/room.hpp"

#include <sched.h>

#include "producer/hot.hpp"
#include "shm/raw_syscall.hpp"

namespace tidemark::producer {
namespace {

using shm::Event;
using shm::LaneWriter;
using shm::raw_syscall;
using shm::word;

constexpr std::uint64_t kStallBudget_ns = 100'000'000;     // of naps since the tail last moved
constexpr std::uint64_t kLongestStall_ns = 1'000'000'000;  // by the clock
constexpr std::uint64_t kShortestNap_ns = 50'000;
constexpr std::uint64_t kLongestNap_ns = 1'000'000;

// Of the half of the ring that its lanes share for growth, `limit` being as far as this block may go.
bool claim_growth(ProcessState& state, std::uint64_t bytes, std::uint64_t limit) noexcept {
    std::uint64_t taken = __atomic_load_n(&state.growth_bytes, __ATOMIC_RELAXED);
    do {
        if (taken + bytes > limit) return false;
    } while (!__atomic_compare_exchange_n(&state.growth_bytes, &taken, taken + bytes, true,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return true;
}

// Links to a block of so many events. False: not in the budget, or `error` says why there is no memory.
bool grow_by(ProcessState& state, LaneWriter& lane, std::uint32_t events, std::uint64_t limit,
             int& error) noexcept {
    const std::uint64_t bytes = std::uint64_t{events} * sizeof(Event);
    if (!claim_growth(state, bytes, limit)) return false;
    const std::uint64_t block = reserve_block(state, bytes, error);
    if (block != 0) {
        lane.link(lane.head(), state.ring.base, block, events, stamp_now());
        return true;
    }
    __atomic_fetch_sub(&state.growth_bytes, bytes, __ATOMIC_RELAXED);
    return false;
}

bool would_wait(ProcessState& state) noexcept {
    return !inherited.settings.drop &&
           shm::collector_lives(bell(), state.header(), shm::monotonic_ns());
}

// Goes on in a larger block. The lane has a free record for the link. Who would wait otherwise gets the largest, as
// long as some room is kept for the small blocks of others.
bool grow(ProcessState& state, LaneWriter& lane, bool before_waiting) noexcept {
    if (lane.links >= 3 || sandbox() != Sandbox::kNone || space_is_postponed(state)) return false;
    const shm::SignalsBlocked quiet;
    const std::uint64_t most = (state.ring.size - shm::call_site_bytes(state.stacks.frames)) / 2;
    int error = 0;
    if (lane.links == 2 && before_waiting && would_wait(state) &&
        grow_by(state, lane, shm::kMostBlockEvents, most / 4 * 3, error))
        return true;
    error = 0;
    if (grow_by(state, lane, shm::kGrowthEvents[lane.links], most, error)) return true;
    if (error != 0)
        postpone_space(state);
    else
        lane.links = 3;  // the budget is spent, for good
    return false;
}

// The first blocks are left when they are half full, the last but one only when the thread would have to wait: most
// never need the last.
std::uint64_t growth_is_due_at(const LaneWriter& lane) noexcept {
    return lane.links < 2 ? lane.capacity() / 2 : lane.capacity() - 1;
}

// How far the fast path may go from here: to where a resting collector is to be woken, to where the lane grows, or as
// far as there is room.
std::uint64_t next_stop(const LaneWriter& lane, std::uint64_t used, std::uint64_t usable) noexcept {
    if (used < lane.capacity() / 2) return lane.capacity() / 2;
    const std::uint64_t due = growth_is_due_at(lane);
    return lane.links < 3 && used < due ? due : usable;
}

// True if the record at the head is free. Sets how far the fast path may go. While a lane may still grow, its last
// record is kept for the link.
bool make_room(ProcessState& state, LaneWriter& lane) noexcept {
    for (;;) {
        const std::uint64_t head = lane.head();
        const std::uint64_t used = lane.look(head);
        const std::uint64_t due = growth_is_due_at(lane);
        if (used >= lane.capacity() / 2) hurry_consumer(*lane.header);
        if (used >= due && used < lane.capacity() && grow(state, lane, true)) continue;
        const std::uint64_t usable = lane.capacity() - (lane.links < 3 ? 1 : 0);
        lane.allow(head, used < usable ? next_stop(lane, used, usable) - used : 0);
        return used < usable;
    }
}

// Writes the event, first a gap record if something was lost before it. False: the lane is full.
bool write(ProcessState& state, LaneWriter& lane, GapNote& gap, Event event) noexcept {
    move_gap(process_page.gap, gap);
    for (;;) {
        if (!make_room(state, lane)) return false;
        const std::uint64_t head = lane.head();
        if (!gap.is_open()) {
            // The slow path may have taken long; a late event keeps the stamp that its meaning depends on.
            if ((event.flags() & shm::kFlagLate) == 0) event.stamp = stamp_now();
            lane.append(head, event);
            look_at_bell(*lane.header);
            return true;
        }
        lane.append(head, take_gap(gap));
    }
}

bool is_realtime() noexcept {
    const auto policy = raw_syscall(SYS_sched_getscheduler, 0) & ~SCHED_RESET_ON_FORK;
    return policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_DEADLINE;
}

// Spends a little of the lane's waiting budget. False: nothing to wait for, and why.
bool wait_for_room(ProcessState& state, LanePair& pair, tidemark_loss_cause& cause) noexcept {
    cause = TIDEMARK_LOSS_FULL;
    if (inherited.settings.drop) return false;
    cause = TIDEMARK_LOSS_SANDBOX;
    if (sandbox() != Sandbox::kNone) return false;
    cause = TIDEMARK_LOSS_NO_COLLECTOR;
    const std::uint64_t before = shm::monotonic_ns();
    if (!shm::collector_lives(bell(), state.header(), before)) return false;
    cause = TIDEMARK_LOSS_FULL;
    const std::uint64_t tail = __atomic_load_n(&pair.thread.lane->tail, __ATOMIC_RELAXED);
    if (__atomic_exchange_n(&pair.stall_tail, tail, __ATOMIC_RELAXED) != tail)
        __atomic_store_n(&pair.stall_ns, std::uint64_t{0}, __ATOMIC_RELAXED);
    const std::uint64_t spent = __atomic_load_n(&pair.stall_ns, __ATOMIC_RELAXED);
    if (spent == 0) __atomic_store_n(&pair.stall_since_ns, before, __ATOMIC_RELAXED);
    const std::uint64_t since = __atomic_load_n(&pair.stall_since_ns, __ATOMIC_RELAXED);
    if (spent >= kStallBudget_ns || before - since >= kLongestStall_ns || is_realtime())
        return false;
    hurry_consumer(state.header());
    const std::uint64_t slice = spent < kShortestNap_ns ? kShortestNap_ns : spent;
    const std::uint64_t nap_ns = slice < kLongestNap_ns ? slice : kLongestNap_ns;
    const timespec nap{0, static_cast<long>(nap_ns)};
    raw_syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, word(&nap), 0);
    // What was asked for, not what the clock says: on a machine with more to do than processors each nap takes longer,
    // for the collector as for us.
    __atomic_fetch_add(&pair.stall_ns, nap_ns, __ATOMIC_RELAXED);
    return true;
}

// A handler that ran while we waited may have forked (in the child, the event is the parent's) or ended recording.
bool is_still_ours(std::uint64_t epoch) noexcept {
    return __atomic_load_n(&process_page.epoch, __ATOMIC_RELAXED) == epoch;
}

void give_up(std::uint64_t epoch, tidemark_loss_cause cause, const Event& event, LanePair& pair,
             ProcessState& state) noexcept {
    if (is_still_ours(epoch)) {
        // A lane that would have grown, had there been pages.
        const bool wanted_more = pair.thread.links < 3 && space_is_postponed(state);
        if (cause == TIDEMARK_LOSS_FULL && wanted_more) cause = TIDEMARK_LOSS_NO_SPACE;
        return count_loss(cause, event, &pair.thread_gap);
    }
    if (sandbox() == Sandbox::kSilent) count_loss(TIDEMARK_LOSS_SANDBOX, event, nullptr);
}

}  // namespace

void record_without_room(ThreadState& thread, const Event& event) noexcept {
    LanePair& pair = *thread.pair;
    ProcessState* state = current_state();
    if (state == nullptr)
        return;  // a handler forked just now; in the child, the event is the parent's
    const std::uint64_t epoch = ~thread.key;
    tidemark_loss_cause cause = TIDEMARK_LOSS_FULL;
    while (!write(*state, pair.thread, pair.thread_gap, event)) {
        const bool again = wait_for_room(*state, pair, cause);
        if (!again || !is_still_ours(epoch)) return give_up(epoch, cause, event, pair, *state);
    }
}

void record_shared(LanePair& pair, const Event& event) noexcept {
    ProcessState* state = current_state();
    if (state == nullptr) return;  // as above
    const std::uint64_t epoch = __atomic_load_n(&process_page.epoch, __ATOMIC_RELAXED);
    tidemark_loss_cause cause = TIDEMARK_LOSS_FULL;
    for (;;) {
        {
            const SharedLane owned(*state);
            if (!owned) return count_loss(TIDEMARK_LOSS_NO_LANE, event, &pair.thread_gap);
            if (write(*state, pair.thread, pair.thread_gap, event)) return;
        }
        const bool again = wait_for_room(*state, pair, cause);
        if (!again || !is_still_ours(epoch)) return give_up(epoch, cause, event, pair, *state);
    }
}

void record_nested(ThreadState& thread, std::uintptr_t frame, const Event& event) noexcept {
    if (!is_still_ours(~thread.key)) {
        const bool silent = sandbox() == Sandbox::kSilent;
        return count_loss(silent ? TIDEMARK_LOSS_SANDBOX : TIDEMARK_LOSS_HANDLER, event, nullptr);
    }
    LanePair& pair = *thread.pair;
    ProcessState* state = current_state();
    if (state == nullptr) return;  // as above
    // A handler that interrupted a handler's append at a deeper level: counted. Its own append could only be undone by
    // the one below it, which a longjmp may skip.
    if (thread.handler_inside != 0 && frame < thread.handler_inside)
        return count_loss(TIDEMARK_LOSS_HANDLER, event, &pair.handler_gap);
    thread.handler_inside = frame;
    // SYNC(nesting): as in record.cpp.
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (!write(*state, pair.handler, pair.handler_gap, event))
        count_loss(TIDEMARK_LOSS_HANDLER, event, &pair.handler_gap);
    // Behind the head's store: after it comes the fence of the look at the bell, or the acquire of the look at the tail.
    thread.handler_inside = 0;
}

void grow_fully(ProcessState& state, LanePair& pair) noexcept {
    for (;;) {
        const std::uint64_t used = pair.thread.look(pair.thread.head());
        if (used >= pair.thread.capacity() || !grow(state, pair.thread, false)) return;
    }
}

}  // namespace tidemark::producer
