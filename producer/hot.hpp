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
    kForbidden = 3
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

// Once start() chose the clock.
__attribute__((always_inline)) inline std::uint64_t stamp_now() noexcept {
    const ClockState state = clock_state();
    if (__builtin_expect(state == ClockState::kCounter, 1))
        return is_single_threaded() ? shm::counter() : shm::counter_fenced();
    return state == ClockState::kMonotonic ? shm::monotonic_ns() : 0;
}

// Out of line: the collector sleeps, as far as the look could tell.
void wake(shm::BellSlot& slot) noexcept;

// After each publication.
__attribute__((always_inline)) inline void look_at_bell(const shm::RingHeader& header) noexcept {
    // SYNC(bell): the store of the head comes first in program order; the collector's barrier does the rest.
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    shm::BellPage* page = __atomic_load_n(&inherited.bell, __ATOMIC_RELAXED);
    shm::BellSlot* slot = shm::consumer_bell(page, header);
    if (slot != nullptr && __builtin_expect(shm::is_waiting(*slot), 0)) wake(*slot);
}

}  // namespace tidemark::producer

#pragma GCC visibility pop
