// SPDX-License-Identifier: Apache-2.0
//
// The clock of a ring segment: raw ticks that all processes of a machine agree on. Reading and choosing it; what a
// tick is in nanoseconds is calibrated by the collector, nobody else converts.
#pragma once

#include <cstdint>

#include <time.h>

#include "shm/ring_layout.hpp"

namespace tidemark::shm {

// The counter that the kernel's own clock is built on if a program can read it without a system call, else
// kMonotonic. A kernel that trusts another clock source (hpet, a hypervisor's) has reasons to distrust the counter.
// Reads one file of sysfs by raw system calls; any thread.
ClockKind choose_clock() noexcept;

inline std::uint64_t monotonic_ns(clockid_t clock = CLOCK_MONOTONIC) noexcept {
    timespec now;
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(now.tv_nsec);
}

// Not ordered with surrounding memory accesses: the processor may read it early.
inline std::uint64_t counter() noexcept {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    std::uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#endif
}

// Read after every earlier load of this thread: an event that another thread's hand-over caused is never stamped
// before it (unfenced, 79 thousand of 129 million hand-overs were).
inline std::uint64_t counter_fenced() noexcept {
#if defined(__x86_64__)
    __asm__ volatile("lfence" ::: "memory");
#else
    __asm__ volatile("isb" ::: "memory");
#endif
    return counter();
}

// For the consumer and for tests; the producer keeps its own branch of this.
inline std::uint64_t read_clock(ClockKind kind) noexcept {
    return kind == ClockKind::kMonotonic ? monotonic_ns() : counter_fenced();
}

}  // namespace tidemark::shm
