/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocates where there is hardly a stack: in 50 threads with the smallest that libc allows, in a coroutine with 6 KiB, and
 * in handlers on an alternate stack of what the kernel needs and 4 KiB more. In each the first allocation of its thread.
 * Around the stacks lie pages that nobody may touch. Prints allocations and frees of 60 bytes.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { PAGE = 4096, THREADS = 50 };

static volatile int done;

static void one(void) {
    void* volatile block = malloc(60);
    free(block);
    ++done;
}

/* Ends where the next page may not be touched, and begins where the one before may not be. */
static char* guarded(size_t bytes) {
    const size_t pages = (bytes + PAGE - 1) & ~(size_t)(PAGE - 1);
    char* at = mmap(NULL, pages + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || mprotect(at + PAGE, pages, PROT_READ | PROT_WRITE) != 0) abort();
    return at + PAGE;
}

static void* smallest(void* unused) {
    one();
    return unused;
}

static void in_a_thread(void* (*body)(void*), size_t bytes) {
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    if (bytes != 0) pthread_attr_setstack(&attributes, guarded(bytes), bytes);
    if (pthread_create(&thread, &attributes, body, NULL) != 0) abort();
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

static ucontext_t before, coroutine;

static void* with_a_coroutine(void* unused) {
    const size_t bytes = 2 * PAGE;
    getcontext(&coroutine);
    /* 6 KiB of 8: the top is left unused. */
    coroutine.uc_stack.ss_sp = guarded(bytes);
    coroutine.uc_stack.ss_size = bytes - 2048;
    coroutine.uc_link = &before;
    makecontext(&coroutine, one, 0);
    swapcontext(&before, &coroutine);
    return unused;
}

static void on_signal(int number) {
    (void)number;
    one();
}

static void* with_a_handler(void* unused) {
    const long least = sysconf(_SC_MINSIGSTKSZ);
    const size_t bytes = ((size_t)(least > 0 ? least : MINSIGSTKSZ) + 4096 + 15) & ~(size_t)15;
    const stack_t alternate = {.ss_sp = guarded(bytes), .ss_size = bytes};
    if (sigaltstack(&alternate, NULL) != 0) abort();
    raise(SIGUSR1);
    return unused;
}

int main(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < THREADS; ++i)
        in_a_thread(smallest, (size_t)PTHREAD_STACK_MIN);
    in_a_thread(with_a_coroutine, 0);
    in_a_thread(with_a_handler, 0);
    fprintf(stderr, "{\"allocations\": %d, \"frees\": %d}\n", done, done);
    return 0;
}
