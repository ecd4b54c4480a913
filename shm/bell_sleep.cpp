// SPDX-License-Identifier: Apache-2.0
//
// How a collector sleeps on all its bells at once.
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "shm/bell_slots.hpp"
#include "shm/clock.hpp"
#include "shm/kill_point.hpp"

namespace tidemark::shm {
namespace {

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

// As linux/futex.h of Linux 5.16 has it.
struct WaitOn {
    std::uint64_t value;
    std::uint64_t address;
    std::uint32_t flags;
    std::uint32_t reserved;
};
constexpr std::uint32_t kFutex32 = 2;

}  // namespace

void BellSlots::announce(std::uint32_t state) noexcept {
    announced_ = state;
    for (auto& [uid, page] : pages_) {
        if (page.slot < 0) continue;
        TIDEMARK_SHARED_STORE("bell.wait",
                              __atomic_store_n(&page.mine().waiting, state, __ATOMIC_RELAXED));
    }
}

void BellSlots::announce_rest() noexcept { announce(kResting); }

void BellSlots::announce_waiting() noexcept {
    announce(kAsleep);
    // SYNC(bell): on every running producer, either its head store is seen by our next look, or its next look at
    // `waiting` sees 1. The barrier stands in for the full fence that the producers do not make.
    barrier_works_ = syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0;
}

bool BellSlots::sleep(std::uint64_t timeout_ns) noexcept {
    WaitOn waits[FUTEX_WAITV_MAX];
    unsigned count = 0;
    waits[count++] = {0, reinterpret_cast<std::uint64_t>(&own_), kFutex32 | FUTEX_PRIVATE_FLAG, 0};
    for (auto& [uid, page] : pages_) {
        if (page.slot < 0 || count == FUTEX_WAITV_MAX) continue;
        waits[count++] = {announced_, reinterpret_cast<std::uint64_t>(&page.mine().waiting),
                          kFutex32, 0};
    }
    const std::uint64_t until = monotonic_ns() + timeout_ns;
    const timespec deadline{static_cast<time_t>(until / 1'000'000'000u),
                            static_cast<long>(until % 1'000'000'000u)};
    if (can_wait_many_) {
        if (syscall(SYS_futex_waitv, waits, count, 0, &deadline, CLOCK_MONOTONIC) < 0 &&
            errno == ENOSYS) {
            can_wait_many_ = false;
        }
    }
    if (!can_wait_many_) {
        // Before Linux 5.16 nobody can wait for several words: look every 10 ms.
        const std::uint64_t slice = timeout_ns < 10'000'000 ? timeout_ns : 10'000'000;
        const timespec relative{0, static_cast<long>(slice)};
        syscall(SYS_futex, &own_, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, &relative, nullptr, 0);
    }
    bool rung = own_.exchange(0, std::memory_order_relaxed) != 0;
    // Anything but what we announced ends the wait: a word that its user set otherwise could not be slept on.
    for (auto& [uid, page] : pages_)
        rung |=
            page.slot >= 0 && __atomic_load_n(&page.mine().waiting, __ATOMIC_RELAXED) != announced_;
    drop_faulted();
    return rung;
}

void BellSlots::stop_waiting() noexcept {
    for (auto& [uid, page] : pages_) {
        if (page.slot < 0) continue;
        if (__atomic_load_n(&page.mine().waiting, __ATOMIC_RELAXED) == kNotWaiting) continue;
        TIDEMARK_SHARED_STORE(
            "bell.stop", __atomic_store_n(&page.mine().waiting, kNotWaiting, __ATOMIC_RELAXED));
    }
}

void BellSlots::ring_own() noexcept {
    own_.store(1, std::memory_order_relaxed);
    syscall(SYS_futex, &own_, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1);
}

}  // namespace tidemark::shm
