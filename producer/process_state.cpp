// SPDX-License-Identifier: Apache-2.0
//
// The process's page, its lock, and the space in its ring.
#include "producer/process_state.hpp"

#include <errno.h>
#include <time.h>

#include "shm/identity_raw.hpp"
#include "shm/kill_point.hpp"
#include "shm/raw_syscall.hpp"

namespace tidemark::producer {

ProcessPage process_page;
Inherited inherited;

namespace {

constexpr std::uint32_t kSpins = 100;
constexpr long kNap_ns = 50'000;
constexpr std::uint32_t kSandboxNaps = 2000;
constexpr std::uint32_t kNaps =
    400;  // of 50 us: some 20 ms and more, then the event is counted as lost
constexpr std::uint64_t kSpaceRetry_ns = 100'000'000;

void relax() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
}

}  // namespace

bool take_page_lock(std::uint32_t patience) noexcept {
    const auto self = static_cast<std::uint32_t>(shm::own_tid());
    for (std::uint32_t tries = 0; tries < kSpins + patience; ++tries) {
        std::uint32_t nobody = 0;
        // SYNC(page-lock): acquire pairs with the release of the last holder.
        if (__atomic_compare_exchange_n(&process_page.lock, &nobody, self, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED))
            return true;
        if (tries < kSpins) {
            relax();
            continue;
        }
        const timespec nap{0, kNap_ns};
        shm::raw_syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, shm::word(&nap), 0);
    }
    return false;
}

void drop_page_lock() noexcept {
    // SYNC(page-lock): release, so that the next holder finds what we did.
    __atomic_store_n(&process_page.lock, 0u, __ATOMIC_RELEASE);
}

void publish_state(ProcessState& state) noexcept {
    const std::uint64_t epoch = __atomic_add_fetch(&inherited.last_epoch, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&process_page.epoch, epoch, __ATOMIC_RELAXED);
    // SYNC(process-state): release, so that who finds the state finds it complete, its epoch too.
    __atomic_store_n(&process_page.state, &state, __ATOMIC_RELEASE);
}

SystemCalls::SystemCalls() noexcept : allowed_(sandbox() == Sandbox::kNone) {
    if (!allowed_) return;
    // SYNC(sandbox): seq_cst, before the second look.
    __atomic_fetch_add(&process_page.callers, 1u, __ATOMIC_SEQ_CST);
    allowed_ = sandbox() == Sandbox::kNone;
    if (!allowed_) leave();
}

SystemCalls::~SystemCalls() {
    if (allowed_) leave();
}

void SystemCalls::leave() noexcept {
    // A fork child that leaves what its parent entered finds a fresh page.
    if (__atomic_load_n(&process_page.callers, __ATOMIC_RELAXED) == 0) return;
    // SYNC(sandbox): seq_cst, after the last call.
    __atomic_fetch_sub(&process_page.callers, 1u, __ATOMIC_SEQ_CST);
}

void wait_for_callers() noexcept {
    const timespec nap{0, kNap_ns};
    // SYNC(sandbox): seq_cst, after the sandbox was announced.
    for (std::uint32_t i = 0;
         i < kSandboxNaps && __atomic_load_n(&process_page.callers, __ATOMIC_SEQ_CST) != 0; ++i)
        shm::raw_syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, shm::word(&nap), 0);
}

Critical::Critical() noexcept
    : signals_(static_cast<bool>(calls_)), owned_(calls_ && take_page_lock(kNaps)) {}

Critical::~Critical() {
    if (owned_) drop_page_lock();
}

std::uint64_t bytes_left(const ProcessState& state) noexcept {
    return state.ring.size - __atomic_load_n(&state.next_block, __ATOMIC_RELAXED);
}

std::uint64_t reserve_block(ProcessState& state, std::uint64_t bytes, int& error) noexcept {
    std::uint64_t at = __atomic_load_n(&state.next_block, __ATOMIC_RELAXED);
    do {
        error = 0;
        if (bytes > state.ring.size - at) return 0;
    } while (!__atomic_compare_exchange_n(&state.next_block, &at, at + bytes, true,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    error = shm::populate(state.ring, at, bytes);
    if (error == 0) {
        account_touched(state, bytes);
        return at;
    }
    std::uint64_t end = at + bytes;
    __atomic_compare_exchange_n(&state.next_block, &end, at, false, __ATOMIC_RELAXED,
                                __ATOMIC_RELAXED);
    return 0;
}

void postpone_space(ProcessState& state) noexcept {
    __atomic_store_n(&state.retry_space_ns,
                     shm::monotonic_ns(CLOCK_MONOTONIC_COARSE) + kSpaceRetry_ns, __ATOMIC_RELAXED);
}

bool space_is_postponed(const ProcessState& state) noexcept {
    const std::uint64_t until = __atomic_load_n(&state.retry_space_ns, __ATOMIC_RELAXED);
    return until != 0 && shm::monotonic_ns(CLOCK_MONOTONIC_COARSE) < until;
}

void account_touched(ProcessState& state, std::uint64_t bytes) noexcept {
    __atomic_fetch_add(&state.touched_bytes, bytes, __ATOMIC_RELAXED);
    if (shm::BellPage* page = bell())
        TIDEMARK_SHARED_STORE("bell.bytes",
                              __atomic_fetch_add(&page->undrained_bytes, bytes, __ATOMIC_RELAXED));
}

}  // namespace tidemark::producer
