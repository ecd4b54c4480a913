// SPDX-License-Identifier: Apache-2.0
//
// The kernel of the models: futexes, membarrier, who is gone, and no files.
#include "models/kernel.hpp"

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <stdarg.h>

#include "models/checker/explorer.hpp"
#include "shm/fault_guard.hpp"
#include "shm/raw_segment.hpp"
#include "shm/raw_syscall.hpp"
#include "shm/segment.hpp"

namespace tidemark::shm {

std::byte* model_segment;
std::uint64_t model_segment_bytes;

Word raw_syscall(long number, Word a, Word b, Word, Word, Word, Word) noexcept {
    auto* futex = reinterpret_cast<std::uint32_t*>(a);
    if (number == SYS_futex && (b & ~FUTEX_PRIVATE_FLAG) == FUTEX_WAKE) {
        model::futex_wake(futex);
        return 1;
    }
    if (number == SYS_tgkill) {
        if (model::is_gone == nullptr || !model::is_gone(static_cast<int>(b))) return 0;
        model::see_newest();
        return -ESRCH;
    }
    if (number == SYS_gettid) return model::self() + 1;
    // Who naps is woken later, which is another execution.
    if (number == SYS_clock_nanosleep || number == SYS_sched_yield) model::give_up();
    return -ENOSYS;
}

// Pages are always to be had, nobody truncates, and signals come where the model says.
int populate(const RawRing&, std::uint64_t, std::uint64_t) noexcept { return 0; }
SignalsBlocked::SignalsBlocked(bool wanted) noexcept : wanted_(wanted) {}
SignalsBlocked::~SignalsBlocked() = default;
int FaultGuard::add(const void*, std::size_t) noexcept { return 0; }
void FaultGuard::remove(int) noexcept {}
bool FaultGuard::faulted(int) noexcept { return false; }
bool byte_is_locked(const std::string&, int, bool*) noexcept { return false; }

}  // namespace tidemark::shm

namespace tidemark::model {
bool (*is_gone)(int tid);
}

// As linux/futex.h of Linux 5.16 has it; the model sleeps on the second word, the first being the sleeper's own.
struct WaitOn {
    std::uint64_t value, address;
    std::uint32_t flags, reserved;
};

extern "C" long __wrap_syscall(long number, ...) {
    using namespace tidemark::model;
    va_list words;
    va_start(words, number);
    const auto* waits = number == 449 ? va_arg(words, const WaitOn*) : nullptr;
    va_end(words);
    if (number == SYS_membarrier) {
        const auto site = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
        if (explorer->has(site, Part::kBarrier)) membarrier();
        return 0;
    }
    if (waits != nullptr)
        futex_wait(reinterpret_cast<std::uint32_t*>(waits[1].address),
                   static_cast<std::uint32_t>(waits[1].value));
    return 0;
}

// No file is to be had.
extern "C" int __wrap_open(const char*, int, ...) { return -1; }
