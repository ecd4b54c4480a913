// SPDX-License-Identifier: Apache-2.0
//
// The two things beside the append itself that every event pays for: its stamp, and the look whether the collector
// sleeps. In line, without system calls.
#pragma once

#include <cstdint>

#include "producer/process_state.hpp"
#include "shm/bell_ring.hpp"
#include "shm/clock.hpp"

// libc's own word for "no thread was ever made, or all are joined" (2.32); absent in an older one.
extern "C" __attribute__((weak)) char __libc_single_threaded;

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

enum class ClockState : std::uint32_t {
    kUnknown = 0,
    kCounter = 1,
    kMonotonic = 2,
    kForbidden = 3,
    kCounterWithStacks = 4  // the counter, and allocations get their call site first
};

namespace detail {
extern std::uint32_t clock_state;  // a ClockState; atomic
}

inline ClockState clock_state() noexcept {
    return static_cast<ClockState>(__atomic_load_n(&detail::clock_state, __ATOMIC_RELAXED));
}

inline bool is_single_threaded() noexcept {
    return &__libc_single_threaded != nullptr && __libc_single_threaded != 0;
}

// Fenced while there may be other threads, see counter_fenced().
__attribute__((always_inline)) inline std::uint64_t counter_now() noexcept {
    return is_single_threaded() ? shm::counter() : shm::counter_fenced();
}

// Once start() chose the clock; 0 in a sandbox that forbids it.
inline std::uint64_t stamp_now() noexcept {
    const ClockState state = clock_state();
    if (__builtin_expect(state == ClockState::kCounter, 1)) return counter_now();
    if (state == ClockState::kCounterWithStacks) return counter_now();
    return state == ClockState::kMonotonic ? shm::monotonic_ns() : 0;
}

// After each publication: the slot of the collector if it must be told, as far as a look can tell.
__attribute__((always_inline)) inline shm::BellSlot* uninformed_consumer(
    const shm::RingHeader& header) noexcept {
    shm::publication_comes_first();
    return shm::bell_to_answer(__atomic_load_n(&inherited.bell, __ATOMIC_RELAXED), header);
}

// Says that this ring has news, if nobody looks at it, and wakes the collector if it sleeps.
void tell(shm::BellSlot& slot, const shm::RingHeader& header) noexcept;

// Wakes it, where a sandbox allows that.
void wake(shm::BellSlot& slot) noexcept;

inline void look_at_bell(const shm::RingHeader& header) noexcept {
    if (shm::BellSlot* slot = uninformed_consumer(header)) tell(*slot, header);
}

// Where somebody waits, or soon will: wakes a collector that only rests, too. Not in place of the look above: what was
// published just before may be missed.
inline void hurry_consumer(const shm::RingHeader& header) noexcept {
    shm::BellPage* page = __atomic_load_n(&inherited.bell, __ATOMIC_RELAXED);
    shm::BellSlot* slot = shm::consumer_bell(page, header);
    if (slot == nullptr) return;
    shm::tell_news(*slot, header);  // also for another thread that did not come to it
    if (shm::is_waiting(*slot)) wake(*slot);
}

}  // namespace tidemark::producer

#pragma GCC visibility pop
