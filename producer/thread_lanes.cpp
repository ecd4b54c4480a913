// SPDX-License-Identifier: Apache-2.0
//
// Giving lanes to threads.
#include "producer/thread_lanes.hpp"

#include <errno.h>

#include "shm/identity_raw.hpp"
#include "shm/kill_point.hpp"
#include "shm/raw_syscall.hpp"
#include "shm/ring_header.hpp"

namespace tidemark::producer {

__thread ThreadState thread_state;

namespace {

using shm::Lane;

constexpr std::uint64_t kThreadBlockBytes = shm::kFirstBlockEvents * sizeof(shm::Event);
constexpr std::uint64_t kHandlerBlockBytes = shm::kHandlerBlockEvents * sizeof(shm::Event);
constexpr std::uint64_t kPairBytes = kThreadBlockBytes + kHandlerBlockBytes;
constexpr std::uint32_t kProbes = 16;  // owners looked at before a new lane is made
constexpr std::uint32_t kSharedSpins = 100;
constexpr std::uint32_t kSharedYields = 64;
constexpr std::uint64_t kClaimRetry_ns = 10'000'000;

Lane* shared_lanes(ProcessState& state, std::uint32_t index) noexcept {
    return reinterpret_cast<Lane*>(state.ring.base + shm::kLanesOffset) + 2ull * index;
}

// True if the thread id belongs to no thread of this process any more.
bool is_gone(const ProcessState& state, std::uint32_t tid) noexcept {
    return shm::raw_syscall(SYS_tgkill, state.pid, static_cast<shm::Word>(tid), 0) == -ESRCH;
}

// A lane that its owner left. What the owner wrote last is visible: its thread is gone, and each of its appends
// released the head.
LanePair* take_over(ProcessState& state, std::uint32_t index, std::uint32_t tid) noexcept {
    LanePair& pair = state.lanes[index];
    // SYNC(lane-head): acquire pairs with the last append of the former owner.
    (void)__atomic_load_n(&pair.thread.lane->head, __ATOMIC_ACQUIRE);
    (void)__atomic_load_n(&pair.handler.lane->head, __ATOMIC_ACQUIRE);
    pair.owner = tid;
    TIDEMARK_SHARED_STORE("claim.owner", shared_lanes(state, index)->owner = tid);
    return &pair;
}

LanePair* find_own(ProcessState& state, std::uint32_t tid) noexcept {
    for (std::uint32_t i = 0; i < state.lanes_used; ++i)
        if (state.lanes[i].owner == tid) return take_over(state, i, tid);
    return nullptr;
}

LanePair* find_left(ProcessState& state, std::uint32_t tid, std::uint32_t most) noexcept {
    const std::uint32_t used = state.lanes_used;
    for (std::uint32_t tries = 0; tries < most && tries < used; ++tries) {
        const std::uint32_t index = state.probe++ % used;
        const std::uint32_t owner = state.lanes[index].owner;
        if (owner != 0 && is_gone(state, owner)) return take_over(state, index, tid);
    }
    return nullptr;
}

void begin_lane(ProcessState& state, std::uint32_t index, std::uint64_t block,
                std::uint32_t tid) noexcept {
    Lane* lanes = shared_lanes(state, index);
    const std::uint64_t handler_block = block + kThreadBlockBytes;
    TIDEMARK_SHARED_STORE("claim.first", lanes[0].first_offset = block;
                          lanes[0].first_capacity = shm::kFirstBlockEvents; lanes[0].owner = tid);
    TIDEMARK_SHARED_STORE("claim.handler", lanes[1].first_offset = handler_block;
                          lanes[1].first_capacity = shm::kHandlerBlockEvents; lanes[1].owner = tid);
    LanePair& pair = state.lanes[index];
    pair.owner = tid;
    pair.thread.begin(state.ring.base, lanes[0], block, shm::kFirstBlockEvents, 0);
    pair.handler.begin(state.ring.base, lanes[1], handler_block, shm::kHandlerBlockEvents, 3);
    __atomic_store_n(&state.lanes_used, index + 1, __ATOMIC_RELAXED);
    shm::publish_lanes(state.header(), index + 1);
}

LanePair* new_lane(ProcessState& state, std::uint32_t tid) noexcept {
    if (space_is_postponed(state)) return nullptr;
    const std::uint32_t index = state.lanes_used;
    const std::uint64_t descriptors = shm::kLanesOffset + 2ull * index * sizeof(Lane);
    int error = shm::populate(state.ring, descriptors, 2 * sizeof(Lane));
    if (error == 0 && index > 0 && descriptors % 4096 == 0) account_touched(state, 4096);
    const std::uint64_t block = error == 0 ? reserve_block(state, kPairBytes, error) : 0;
    if (block == 0) {
        if (error != 0) postpone_space(state);
        return nullptr;
    }
    begin_lane(state, index, block, tid);
    return &state.lanes[index];
}

// One lane and one pair of blocks are kept for the threads that get none of their own.
bool has_lane_to_give(const ProcessState& state) noexcept {
    return state.lanes_used + 1 < shm::kMaxLanes && bytes_left(state) >= 2 * kPairBytes;
}

LanePair* claim(ProcessState& state, std::uint32_t tid) noexcept {
    if (LanePair* pair = find_own(state, tid)) return pair;
    if (LanePair* pair = find_left(state, tid, kProbes)) return pair;
    if (has_lane_to_give(state)) return new_lane(state, tid);
    if (LanePair* pair = find_left(state, tid, shm::kMaxLanes)) return pair;
    if (state.shared == nullptr) {
        LanePair* pair = new_lane(state, 0);
        // SYNC(shared-lane): release, so that threads find it begun.
        if (pair != nullptr) __atomic_store_n(&state.shared, pair, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&state.retry_claim_ns,
                     shm::monotonic_ns(CLOCK_MONOTONIC_COARSE) + kClaimRetry_ns, __ATOMIC_RELAXED);
    return nullptr;
}

Attachment none(tidemark_loss_cause cause) noexcept { return {nullptr, false, cause}; }

Attachment shared_or(ProcessState* state, tidemark_loss_cause cause) noexcept {
    if (state == nullptr) return none(cause);
    // SYNC(shared-lane): acquire pairs with the release in claim().
    LanePair* pair = __atomic_load_n(&state->shared, __ATOMIC_ACQUIRE);
    return {pair, pair != nullptr, cause};
}

bool is_time_to_claim(const ProcessState& state) noexcept {
    const std::uint64_t retry = __atomic_load_n(&state.retry_claim_ns, __ATOMIC_RELAXED);
    return retry == 0 || shm::monotonic_ns(CLOCK_MONOTONIC_COARSE) >= retry;
}

Attachment attach_under_lock(ThreadState& thread) noexcept {
    const Critical critical;
    if (!critical) return shared_or(current_state(), TIDEMARK_LOSS_NO_LANE);
    ProcessState* state = make_state();
    if (state == nullptr) return none(static_cast<tidemark_loss_cause>(process_page.failure));
    LanePair* pair = claim(*state, static_cast<std::uint32_t>(shm::own_tid()));
    if (pair == nullptr) {
        const bool no_space = space_is_postponed(*state) && has_lane_to_give(*state);
        return shared_or(state, no_space ? TIDEMARK_LOSS_NO_SPACE : TIDEMARK_LOSS_NO_LANE);
    }
    thread.pair = pair;
    thread.key = ~__atomic_load_n(&process_page.epoch, __ATOMIC_RELAXED);
    move_gap(process_page.gap, pair->thread_gap);
    if (pair->thread_gap.is_open()) pair->thread.allow(pair->thread.head(), 0);
    return {pair, false, TIDEMARK_LOSS_NO_LANE};
}

}  // namespace

Attachment attach_thread(ThreadState& thread) noexcept {
    ProcessState* state = current_state();
    if (sandbox() == Sandbox::kSilent) return none(TIDEMARK_LOSS_SANDBOX);
    if (sandbox() == Sandbox::kFilter) return shared_or(state, TIDEMARK_LOSS_SANDBOX);
    if (state == nullptr && !is_time_to_make_state())
        return none(static_cast<tidemark_loss_cause>(
            __atomic_load_n(&process_page.failure, __ATOMIC_RELAXED)));
    if (state != nullptr && !is_time_to_claim(*state))
        return shared_or(state, TIDEMARK_LOSS_NO_LANE);
    if (!begin_process()) return shared_or(state, TIDEMARK_LOSS_NO_LANE);
    return attach_under_lock(thread);
}

SharedLane::SharedLane(ProcessState& state) noexcept
    : signals_(sandbox() == Sandbox::kNone), state_(state), owned_(false) {
    for (std::uint32_t tries = 0; tries < kSharedSpins + kSharedYields && !owned_; ++tries) {
        if (tries >= kSharedSpins) {
            if (sandbox() != Sandbox::kNone) return;
            shm::raw_syscall(SYS_sched_yield);
        }
        // SYNC(shared-lock): acquire pairs with the release of the last holder.
        owned_ = __atomic_exchange_n(&state_.shared_lock, 1u, __ATOMIC_ACQUIRE) == 0;
    }
}

SharedLane::~SharedLane() {
    // SYNC(shared-lock): release, so that the next holder finds the lane's cursor as we left it.
    if (owned_) __atomic_store_n(&state_.shared_lock, 0u, __ATOMIC_RELEASE);
}

void ensure_shared_lane() noexcept {
    const Critical critical;
    ProcessState* state = critical ? current_state() : nullptr;
    if (state == nullptr || state->shared != nullptr || state->lanes_used == shm::kMaxLanes) return;
    LanePair* pair = new_lane(*state, 0);
    // SYNC(shared-lane): release, as in claim().
    if (pair != nullptr) __atomic_store_n(&state->shared, pair, __ATOMIC_RELEASE);
}

}  // namespace tidemark::producer
