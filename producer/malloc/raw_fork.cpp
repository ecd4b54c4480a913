// SPDX-License-Identifier: Apache-2.0
//
// _Fork(), which POSIX wants for signal handlers and which runs no fork handlers: they are run in the child. Without
// them a child whose parent's handler interrupted an event would return into memory that it does not have.
#include <dlfcn.h>
#include <errno.h>
#include <sys/types.h>

#include "producer/malloc/raw_fork.hpp"
#include "producer/runtime.hpp"

namespace {

using Fork = pid_t (*)();

Fork next_fork;  // atomic

}  // namespace

namespace tidemark::tracker {

void resolve_fork() noexcept {
    // A libc older than 2.34 has none, and no program that calls it.
    const auto found = reinterpret_cast<Fork>(dlsym(RTLD_NEXT, "_Fork"));
    if (found == nullptr) (void)dlerror();
    __atomic_store_n(&next_fork, found, __ATOMIC_RELAXED);
}

}  // namespace tidemark::tracker

extern "C" __attribute__((visibility("default"))) pid_t _Fork() noexcept {
    if (__atomic_load_n(&next_fork, __ATOMIC_RELAXED) == nullptr) tidemark::tracker::resolve_fork();
    const Fork function = __atomic_load_n(&next_fork, __ATOMIC_RELAXED);
    if (function == nullptr) {
        errno = ENOSYS;
        return -1;
    }
    const pid_t child = function();
    if (child == 0) tidemark::producer::forked();
    return child;
}
