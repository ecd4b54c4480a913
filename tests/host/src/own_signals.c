/* SPDX-License-Identifier: Apache-2.0
 *
 * A program with handlers of its own for SIGBUS, SIGSEGV and SIGXFSZ and with SIGPIPE as it likes it, each used while it
 * allocates: it reads behind the end of a file and recovers, writes into a pipe that nobody reads, exceeds the limit for
 * files. Argument 1: a file that it may write.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static sigjmp_buf out;
static volatile sig_atomic_t caught[NSIG];

static void on_fault(int number) {
    void* volatile block = malloc(30);
    free(block);
    ++caught[number];
    siglongjmp(out, 1);
}

static void on_limit(int number) { ++caught[number]; }

static void work(void) {
    for (int i = 0; i < 2000; ++i) {
        void* volatile block = malloc(120);
        free(block);
    }
}

static int behind_the_end(const char* path) {
    const int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || ftruncate(file, 8192) != 0) return 1;
    volatile char* bytes = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED || ftruncate(file, 0) != 0) return 1;
    for (volatile int i = 0; i < 1000; ++i) {
        work();
        if (sigsetjmp(out, 1) == 0) bytes[4096] = 1;
        if (sigsetjmp(out, 1) == 0) *(volatile int*)(size_t)(i % 8 * 8) = 1;
    }
    return caught[SIGBUS] == 1000 && caught[SIGSEGV] == 1000 ? 0 : 2;
}

static int beyond_the_limit(const char* path) {
    const struct rlimit small = {4096, RLIM_INFINITY};
    const struct rlimit large = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &small);
    const int file = open(path, O_RDWR | O_TRUNC);
    for (int i = 0; i < 100; ++i) {
        work();
        if (pwrite(file, "x", 1, 8192) != -1 || errno != EFBIG) return 3;
    }
    setrlimit(RLIMIT_FSIZE, &large);
    return caught[SIGXFSZ] == 100 ? 0 : 4;
}

static int into_nowhere(void) {
    int ends[2];
    if (pipe(ends) != 0 || close(ends[0]) != 0) return 5;
    for (int i = 0; i < 100; ++i) {
        work();
        if (write(ends[1], "x", 1) != -1 || errno != EPIPE) return 6;
    }
    struct sigaction now;
    sigaction(SIGPIPE, NULL, &now);
    if (now.sa_handler != SIG_IGN) return 7;
    signal(SIGPIPE, SIG_DFL);
    work();
    return write(ends[1], "x", 1) == 1 ? 8 : 9; /* neither: SIGPIPE ends it */
}

int main(int count, char** arguments) {
    struct sigaction fault = {.sa_handler = on_fault};
    if (count < 2) return 10;
    sigaction(SIGBUS, &fault, NULL);
    sigaction(SIGSEGV, &fault, NULL);
    signal(SIGXFSZ, on_limit);
    signal(SIGPIPE, SIG_IGN);
    int failed = behind_the_end(arguments[1]);
    if (failed == 0) failed = beyond_the_limit(arguments[1]);
    return failed != 0 ? failed : into_nowhere();
}
