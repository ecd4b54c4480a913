// SPDX-License-Identifier: Apache-2.0
//
// What a program may ask: are my events published yet, and what became of them.
#include <string.h>

#include "producer/hot.hpp"
#include "producer/runtime.hpp"
#include "producer/thread_lanes.hpp"
#include "shm/raw_syscall.hpp"
#include "tidemark/producer.h"

namespace tidemark::producer {
namespace {

constexpr std::uint64_t kShortestNap_ns = 100'000;
constexpr std::uint64_t kLongestNap_ns = 1'000'000;

const shm::Lane* lanes_of(const ProcessState& state) noexcept {
    return reinterpret_cast<const shm::Lane*>(state.ring.base + shm::kLanesOffset);
}

// Where all lanes stood at one moment.
struct Heads {
    std::uint32_t count;
    std::uint64_t head[2 * shm::kMaxLanes];

    explicit Heads(ProcessState& state) noexcept {
        count = 2 * __atomic_load_n(&state.lanes_used, __ATOMIC_RELAXED);
        for (std::uint32_t i = 0; i < count; ++i)
            // SYNC(lane-head): acquire, so that what other threads recorded before we were called is counted in.
            head[i] = __atomic_load_n(&lanes_of(state)[i].head, __ATOMIC_ACQUIRE);
    }
    bool are_published(const ProcessState& state) const noexcept {
        for (std::uint32_t i = 0; i < count; ++i) {
            // SYNC(flush): acquire pairs with the collector's release: who sees it finds the figures published.
            const std::uint64_t done =
                __atomic_load_n(&lanes_of(state)[i].published, __ATOMIC_ACQUIRE);
            if (static_cast<std::int64_t>(done - head[i]) < 0) return false;
        }
        return true;
    }
};

// The ring, made now if there is none yet; nullptr if it can't be.
ProcessState* state_for_flush(std::uintptr_t frame) noexcept {
    ThreadState& thread = thread_state;
    if (current_state() == nullptr && thread.inside == 0) {
        thread.inside = frame;
        attach_thread(thread);
        thread.inside = 0;
    }
    return current_state();
}

std::int32_t wait_for(ProcessState& state, const Heads& heads, std::uint64_t timeout_ns) noexcept {
    const std::uint64_t begun = shm::monotonic_ns();
    for (std::uint64_t nap_ns = kShortestNap_ns;; nap_ns *= 2) {
        if (heads.are_published(state)) return TIDEMARK_FLUSH_PUBLISHED;
        const std::uint64_t now = shm::monotonic_ns();
        if (!shm::collector_lives(bell(), state.header(), now)) return TIDEMARK_FLUSH_NO_COLLECTOR;
        const bool may_wait = thread_state.inside == 0 && sandbox() == Sandbox::kNone;
        if (!may_wait || now - begun >= timeout_ns) return TIDEMARK_FLUSH_TIMED_OUT;
        hurry_consumer(state.header());
        if (nap_ns > kLongestNap_ns) nap_ns = kLongestNap_ns;
        const timespec nap{0, static_cast<long>(nap_ns)};
        shm::raw_syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, shm::word(&nap), 0);
    }
}

void fill_from_ring(tidemark_status& status, ProcessState& state) noexcept {
    status.attached = 1;
    if (sandbox() != Sandbox::kSilent)
        status.collector = shm::collector_lives(bell(), state.header(), shm::monotonic_ns());
    status.lanes = __atomic_load_n(&state.lanes_used, __ATOMIC_RELAXED);
    status.image = state.ring.image;
    status.ring_bytes = __atomic_load_n(&state.touched_bytes, __ATOMIC_RELAXED);
}

void add_losses(tidemark_status& status, const shm::LossCounter* from) noexcept {
    for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        status.lost[cause].allocations +=
            __atomic_load_n(&from[cause].allocations, __ATOMIC_RELAXED);
        status.lost[cause].frees += __atomic_load_n(&from[cause].frees, __ATOMIC_RELAXED);
        status.lost[cause].bytes += __atomic_load_n(&from[cause].bytes, __ATOMIC_RELAXED);
    }
}

}  // namespace

std::int32_t flush(std::uint32_t timeout_ms) noexcept {
    const SystemCalls calls;
    if (tracking() == 0 || sandbox() == Sandbox::kSilent) return TIDEMARK_FLUSH_NO_COLLECTOR;
    ProcessState* state =
        state_for_flush(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
    if (state == nullptr) return TIDEMARK_FLUSH_NO_COLLECTOR;
    const Heads heads(*state);
    return wait_for(*state, heads, std::uint64_t{timeout_ms} * 1'000'000u);
}

std::int32_t status(void* out, std::uint64_t bytes) noexcept {
    if (out == nullptr || bytes < sizeof(std::uint32_t)) return TIDEMARK_ERROR_ARGUMENT;
    tidemark_status status{};
    status.size = static_cast<std::uint32_t>(bytes < sizeof status ? bytes : sizeof status);
    status.enabled = tracking();
    status.sandboxed = static_cast<std::uint32_t>(sandbox());
    ProcessState* state = current_state();
    if (state != nullptr) {
        fill_from_ring(status, *state);
        add_losses(status, state->header().loss);
    }
    add_losses(status, process_page.unsent.by_cause);
    memcpy(out, &status, status.size);
    return TIDEMARK_OK;
}

}  // namespace tidemark::producer
