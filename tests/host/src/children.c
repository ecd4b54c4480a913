/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes children in every way that there is, 10 of each, while four threads report buffers without pause: fork, vfork,
 * posix_spawn, a raw clone without CLONE_FILES, and clone with CLONE_VM and CLONE_VFORK. Child n of fork and of the raw
 * clone reports 20 + n buffers of 10 bytes and frees 5; the others share their parent's memory and report 3 each in its
 * name. Prints what the parent reported, its threads and those children included: allocations and frees.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <tidemark/producer.h>
#include <unistd.h>

enum { THREADS = 4, EACH = 10, SHARED_EVENTS = 3 };

static _Atomic(int) stop;
static _Atomic(unsigned long) pairs;

static void* churn(void* argument) {
    const uint64_t own = (uint64_t)(size_t)argument << 32;
    while (!stop) {
        tidemark_allocation(0, TIDEMARK_POOL_L1, own, 64);
        tidemark_free(0, TIDEMARK_POOL_L1, own);
        ++pairs;
        sched_yield();
    }
    return NULL;
}

static void report(uint64_t first, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i)
        tidemark_allocation(0, TIDEMARK_POOL_DRAM, first + i, 10);
}

static void own_image(int number) {
    report(1, 20 + (uint64_t)number);
    for (uint64_t i = 1; i <= 5; ++i)
        tidemark_free(0, TIDEMARK_POOL_DRAM, i);
    _exit(0);
}

static int reap(pid_t child) {
    int status = 1;
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static uint64_t next_shared = 1000000;

static int shares_memory(void* unused) {
    (void)unused;
    report(next_shared, SHARED_EVENTS);
    _exit(0);
}

static int one_of_each(int number) {
    static char stack[65536] __attribute__((aligned(16)));
    static char* const arguments[] = {"true", NULL};
    static char* const environment[] = {NULL};
    pid_t child = fork();
    if (child == 0) own_image(number);
    if (!reap(child)) return 1;
    child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) own_image(number);
    if (!reap(child)) return 2;
    child = vfork();
    if (child == 0) shares_memory(NULL);
    next_shared += SHARED_EVENTS;
    if (!reap(child)) return 3;
    child = clone(shares_memory, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
    next_shared += SHARED_EVENTS;
    if (!reap(child)) return 4;
    if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environment) != 0) return 5;
    return reap(child) ? 0 : 5;
}

int main(void) {
    pthread_t threads[THREADS];
    report(999, 1);
    for (size_t i = 0; i < THREADS; ++i)
        if (pthread_create(&threads[i], NULL, churn, (void*)(i + 1)) != 0) return 6;
    for (int i = 0; i < EACH; ++i) {
        const int failed = one_of_each(i);
        if (failed != 0) return failed;
    }
    stop = 1;
    for (size_t i = 0; i < THREADS; ++i)
        pthread_join(threads[i], NULL);
    const unsigned long own = 1 + 2 * EACH * SHARED_EVENTS;
    fprintf(stderr, "{\"allocations\": %lu, \"frees\": %lu}\n", own + pairs, (unsigned long)pairs);
    return 0;
}
