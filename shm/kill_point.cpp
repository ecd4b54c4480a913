// SPDX-License-Identifier: Apache-2.0
//
// The armed kill point of this process. Uses nothing but system calls, since the malloc tracker links it.
#include "shm/kill_point.hpp"

#ifdef TIDEMARK_KILL_POINTS

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tidemark::shm {
namespace {

enum State : int { kUnread = 0, kDisarmed = 1, kArmed = 2 };

int state = kUnread;
char armed_name[64];
int64_t remaining = 1;
int armed_signal = SIGKILL;

}  // namespace

void kill_point_arm(const char* specification) noexcept {
    __atomic_store_n(&state, kDisarmed, __ATOMIC_RELAXED);
    if (specification == nullptr || *specification == '\0') return;
    const char* colon = strchr(specification, ':');
    const size_t length =
        colon ? static_cast<size_t>(colon - specification) : strlen(specification);
    if (length >= sizeof armed_name) return;
    memcpy(armed_name, specification, length);
    armed_name[length] = '\0';
    remaining = colon ? atoll(colon + 1) : 1;
    armed_signal = strstr(specification, ":stop") ? SIGSTOP : SIGKILL;
    // SYNC(kill-point): the name is complete before another thread may compare with it.
    __atomic_store_n(&state, kArmed, __ATOMIC_RELEASE);
}

void kill_point_reached(const char* name) noexcept {
    // SYNC(kill-point): pairs with the release in kill_point_arm.
    const int now = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
    if (now == kDisarmed) return;
    if (now == kUnread) {
        kill_point_arm(getenv("TIDEMARK_KILL_POINT"));
        return kill_point_reached(name);
    }
    if (strcmp(name, armed_name) != 0) return;
    if (__atomic_sub_fetch(&remaining, 1, __ATOMIC_RELAXED) != 0) return;
    syscall(SYS_kill, syscall(SYS_getpid), armed_signal);
}

}  // namespace tidemark::shm

#endif
