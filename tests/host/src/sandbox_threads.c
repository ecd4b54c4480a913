/* SPDX-License-Identifier: Apache-2.0
 *
 * Four threads allocate blocks of 80 bytes and free them when the main thread puts all of them into one filter
 * (SECCOMP_FILTER_FLAG_TSYNC), which kills the process at any call that malloc and the end don't need. Then a thread that
 * allocates for the first time begins, made before but held back. Argument 1: how many pairs come first, 2,000 unless told. Prints allocations and frees.
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALLOW(number) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

enum { THREADS = 4, AFTER = 3000 };

static _Atomic(int) begun, inside, ended;
static _Atomic(unsigned long) pairs;

static void one(void) {
    void* volatile block = malloc(80);
    free(block);
    ++pairs;
}

static void* busy(void* unused) {
    ++begun;
    while (!inside)
        one();
    for (int i = 0; i < AFTER; ++i)
        one();
    ++ended;
    for (;;) {
    }
    return unused;
}

static void* late(void* unused) {
    ++begun;
    while (!inside) {
    }
    for (int i = 0; i < 100; ++i)
        one();
    ++ended;
    for (;;) {
    }
    return unused;
}

static int enter(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(SYS_write),
        ALLOW(SYS_exit_group),
        ALLOW(SYS_brk),
        ALLOW(SYS_mmap),
        ALLOW(SYS_munmap),
        ALLOW(SYS_mprotect),
        ALLOW(SYS_futex),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const struct sock_fprog program = {sizeof code / sizeof *code, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 0;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

int main(int count, char** arguments) {
    const unsigned long enough = count > 1 ? strtoul(arguments[1], NULL, 10) : 2000;
    pthread_t thread;
    mallopt(M_ARENA_MAX, 1); /* another one asks for the number of processors */
    for (int i = 0; i < THREADS; ++i)
        if (pthread_create(&thread, NULL, busy, NULL) != 0) return 1;
    if (pthread_create(&thread, NULL, late, NULL) != 0) return 1;
    while (begun < THREADS + 1 || pairs < enough) {
    }
    if (!enter()) return 2;
    inside = 1;
    while (ended < THREADS + 1) {
    }
    char line[100];
    const int length = snprintf(line, sizeof line, "{\"allocations\": %lu, \"frees\": %lu}\n",
                                (unsigned long)pairs, (unsigned long)pairs);
    if (write(2, line, (size_t)length) != length) return 3;
    syscall(SYS_exit_group, 0);
    return 4;
}
