// SPDX-License-Identifier: Apache-2.0
#include "producer/monitor/lock.hpp"

#include <time.h>

#include "shm/raw_syscall.hpp"

namespace tidemark::monitor {
namespace {

constexpr unsigned kSpins = 200;
constexpr long kNap_ns = 20'000;

inline void pause() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
}

}  // namespace

void wait_a_turn(unsigned turn) noexcept {
    if (turn < kSpins) return pause();
    const timespec nap{0, kNap_ns};
    shm::raw_syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, shm::word(&nap), 0);
}

[[gnu::noinline, gnu::cold]] void Lock::wait() noexcept {
    for (unsigned turn = 0;; ++turn) {
        wait_a_turn(turn);
        if (word_.load(std::memory_order_relaxed) != 0) continue;
        // SYNC(monitor-lock): as in lock().
        if (word_.exchange(1, std::memory_order_acquire) == 0) return;
    }
}

}  // namespace tidemark::monitor
