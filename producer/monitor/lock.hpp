// SPDX-License-Identifier: Apache-2.0
//
// The monitor's lock: one exchange to take, one store to give back. A waiter spins for an instant, then sleeps in short
// slices instead of yielding, so that a holder of lower priority gets on. Not for code that may wait while it holds it,
// but for a ring that is full (100 ms at most).
#pragma once

#include <atomic>
#include <cstdint>

// libc's own word for "no thread was ever made, or all are joined" (2.32); absent in an older one.
extern "C" __attribute__((weak)) char __libc_single_threaded;

namespace tidemark::monitor {

// Then a plain store takes a lock: nobody else can be there, and whoever comes later sees it taken. Handlers don't look at
// the lock: what keeps them out is the word of who holds it (monitor.cpp).
inline bool is_single_threaded() noexcept {
    return &__libc_single_threaded != nullptr && __libc_single_threaded != 0;
}

// One turn of waiting, the `turn`-th in a row. Keeps errno.
void wait_a_turn(unsigned turn) noexcept;

class Lock {
public:
    void lock() noexcept {
        if (is_single_threaded() && word_.load(std::memory_order_relaxed) == 0) {
            word_.store(1, std::memory_order_relaxed);
            return;
        }
        // SYNC(monitor-lock): acquire pairs with the release in unlock().
        if (__builtin_expect(word_.exchange(1, std::memory_order_acquire) != 0, 0)) wait();
    }
    void unlock() noexcept {
        // SYNC(monitor-lock): release, after everything that the lock guards.
        word_.store(0, std::memory_order_release);
    }

private:
    void wait() noexcept;

    std::atomic<std::uint32_t> word_{0};
};

class Guard {
public:
    explicit Guard(Lock& lock) noexcept : lock_(lock) { lock.lock(); }
    ~Guard() { lock_.unlock(); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

private:
    Lock& lock_;
};

}  // namespace tidemark::monitor
