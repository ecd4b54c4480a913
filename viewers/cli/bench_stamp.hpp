// SPDX-License-Identifier: Apache-2.0
//
// The time stamp that an event of this very process takes, for `tidemark bench`: what it is, and taking it by itself.
#pragma once

#include <sys/single_threaded.h>
#include <time.h>

#include <cstdint>

namespace tidemark::cli {

enum class Stamp {
    kCounter,        // the processor's counter
    kCounterFenced,  // behind the loads before it, in a process with threads
    kKernel          // the kernel's clock, where it does not trust the counter
};

// `ns_per_tick_q32`: of the collector's row. A tick of the kernel's clock is a nanosecond.
inline Stamp stamp_of(std::uint64_t ns_per_tick_q32) {
    if (ns_per_tick_q32 == std::uint64_t{1} << 32) return Stamp::kKernel;
    return __libc_single_threaded != 0 ? Stamp::kCounter : Stamp::kCounterFenced;
}

template <Stamp kind>
std::uint64_t take_stamp() {
    if constexpr (kind == Stamp::kKernel) {
        timespec now{};
        clock_gettime(CLOCK_MONOTONIC, &now);
        return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
               static_cast<std::uint64_t>(now.tv_nsec);
    }
#if defined(__x86_64__)
    if constexpr (kind == Stamp::kCounterFenced) __asm__ volatile("lfence" ::: "memory");
    return __builtin_ia32_rdtsc();
#else
    if constexpr (kind == Stamp::kCounterFenced) __asm__ volatile("isb" ::: "memory");
    std::uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#endif
}

}  // namespace tidemark::cli
