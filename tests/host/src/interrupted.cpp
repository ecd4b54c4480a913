// SPDX-License-Identifier: Apache-2.0
//
// Reports 3,000 buffers while a handler for SIGUSR1 waits for its moment; interrupted.cpp beside it stops this program at
// a kill point and sends the signal. Argument 1 says what the handler does, after it reported a buffer of its own: "return",
// "jump" back into the loop, or make a child by "fork", "_Fork", "clone" or "vfork". A child that has a copy of the memory
// returns from the handler and reports the rest of the buffers too, which ends it with status 0.
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

#include "tidemark/producer.h"

namespace {

constexpr std::uint64_t kEvents = 3000;
constexpr std::uint64_t kFromHandler = std::uint64_t{1} << 40;

const char* action;
sigjmp_buf loop;
volatile sig_atomic_t in_loop = 0;
volatile pid_t child = -1;

void tell_from_handler(std::uint64_t number) {
    tidemark_allocation(1, TIDEMARK_POOL_DRAM, kFromHandler + number, 5);
}

bool does(const char* what) { return std::strcmp(action, what) == 0; }

void on_signal(int) {
    tell_from_handler(0);
    if (does("jump") && in_loop != 0) siglongjmp(loop, 1);
    if (does("fork")) child = fork();
    if (does("_Fork")) child = _Fork();
    if (does("clone")) child = static_cast<pid_t>(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
    if (does("vfork")) {
        child = vfork();
        if (child == 0) {
            tell_from_handler(1);
            _exit(0);
        }
    }
}

// A jump may take the event away that it left, and no other.
void report() {
    static volatile std::uint64_t id = 0;
    sigsetjmp(loop, 1);
    in_loop = 1;
    while (id < kEvents) {
        id = id + 1;
        tidemark_allocation(1, TIDEMARK_POOL_DRAM, id, 1);
    }
    in_loop = 0;
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) return 2;
    action = arguments[1];
    struct sigaction handler {};
    handler.sa_handler = on_signal;
    sigaction(SIGUSR1, &handler, nullptr);
    report();
    if (child <= 0) return 0;
    int status = 1;
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : 3;
}
