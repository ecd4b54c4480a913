// SPDX-License-Identifier: Apache-2.0
//
// Noticing a sandbox before the program enters it: from then on the producer makes no new kind of system call. Also
// children that are made by syscall(), which runs no fork handlers. Calls, results and errno are the program's. What is
// done by an inline system call stays unseen.
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "producer/malloc/next.hpp"
#include "producer/runtime.hpp"

// A test compiles these functions under other names.
#ifndef TIDEMARK_INTERPOSED
#define TIDEMARK_INTERPOSED(name) name
#endif
#define TIDEMARK_EXPORTED extern "C" __attribute__((visibility("default")))

namespace {

using tidemark::producer::SandboxKind;
using tidemark::tracker::next;

void enter(SandboxKind kind) noexcept {
    if (tidemark::producer::enabled()) tidemark::producer::enter_sandbox(kind);
}

// Without a program to install a filter call fails: libraries ask in this way what the kernel can do.
void look_at_seccomp(unsigned long operation, unsigned long flags, unsigned long filter) noexcept {
    if (operation == SECCOMP_SET_MODE_FILTER && filter != 0) enter(SandboxKind::kFilter);
    if (operation == SECCOMP_SET_MODE_STRICT && flags == 0 && filter == 0) {
        enter(SandboxKind::kStrict);
    }
}

[[gnu::noinline, gnu::cold]] void look_at_prctl(unsigned long option, unsigned long mode,
                                                unsigned long filter) noexcept {
    if (option == PR_SET_TSC && mode == PR_TSC_SIGSEGV) enter(SandboxKind::kNoStamp);
    if (option != PR_SET_SECCOMP) return;
    if (mode == SECCOMP_MODE_STRICT) enter(SandboxKind::kStrict);
    if (mode == SECCOMP_MODE_FILTER) look_at_seccomp(SECCOMP_SET_MODE_FILTER, 0, filter);
}

[[gnu::noinline, gnu::cold]] void look_at_syscall(long number, unsigned long a, unsigned long b,
                                                  unsigned long c) noexcept {
    if (number == SYS_seccomp) look_at_seccomp(static_cast<unsigned>(a), b, c);
    if (number == SYS_prctl) look_at_prctl(static_cast<unsigned>(a), b, c);
}

// Whether a child that gets 0 from this call has a copy of our memory.
bool copies_memory(long number, const unsigned long* a) noexcept {
#ifdef SYS_fork
    if (number == SYS_fork) return true;
#endif
    if (number == SYS_clone) return (a[0] & CLONE_VM) == 0;
    return number == SYS_clone3 &&
           (reinterpret_cast<const clone_args*>(a[0])->flags & CLONE_VM) == 0;
}

[[gnu::noinline, gnu::cold]] void look_at_child(long number, const unsigned long* a) noexcept {
    if (tidemark::producer::enabled() && copies_memory(number, a)) tidemark::producer::forked();
}

// Cheap, for every call.
bool may_make_child(long number) noexcept {
#ifdef SYS_fork
    if (number == SYS_fork) return true;
#endif
    return number == SYS_clone || number == SYS_clone3;
}

}  // namespace

// libc declares it with variable arguments; they come in the same registers.
TIDEMARK_EXPORTED int TIDEMARK_INTERPOSED(prctl)(int option, unsigned long a, unsigned long b,
                                                 unsigned long c, unsigned long d) noexcept {
    if (option == PR_SET_SECCOMP || option == PR_SET_TSC) [[unlikely]] {
        look_at_prctl(static_cast<unsigned>(option), a, b);
    }
    return next.prctl()(option, a, b, c, d);
}

// Arguments that the caller did not pass read as something, which the kernel doesn't look at. They are copied, never
// forwarded in place: the last one's place would be the caller's own variables, perhaps shared with other threads.
TIDEMARK_EXPORTED long TIDEMARK_INTERPOSED(syscall)(long number, ...) noexcept {
    unsigned long a[6];
    __builtin_va_list list;
    __builtin_va_start(list, number);
    for (auto& argument : a)
        argument = __builtin_va_arg(list, unsigned long);
    __builtin_va_end(list);
    if (number == SYS_seccomp || number == SYS_prctl) [[unlikely]] {
        look_at_syscall(number, a[0], a[1], a[2]);
    }
    const long result = next.syscall()(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (result == 0 && may_make_child(number)) [[unlikely]] {
        look_at_child(number, a);
    }
    return result;
}
