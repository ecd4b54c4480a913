/* SPDX-License-Identifier: Apache-2.0
 *
 * Sixteen threads that allocate in one and free in another. It allocates nothing else: no stdio, and the threads' stacks
 * are its own, so that libc frees their vectors of thread-local storage. What it does is known to the byte:
 *
 *   all fill         each thread allocates BLOCKS blocks; here the peak is reached: everything is live
 *   all free         each frees its neighbour's, and passes ROUNDS blocks, one at a time, to be freed over there
 *
 * Prints: allocations, frees, bytes, peak, as of its own blocks, and the threads' number.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { THREADS = 16, BLOCKS = 2000, ROUNDS = 20000, STACK = 256 << 10 };

static void* filled[THREADS][BLOCKS];
static _Atomic(void*) mailbox[THREADS]; /* to thread n */
static _Atomic(int) finished;           /* threads that have passed all their blocks */
static pthread_barrier_t barrier;

static size_t size_of(size_t thread, size_t block) { return 16 + thread * 64 + block % 500; }

static size_t size_of_passed(size_t round) { return 1 + round % 100; }

static void receive(size_t thread) { free(atomic_exchange(&mailbox[thread], NULL)); }

static void* work(void* argument) {
    const size_t thread = (size_t)argument;
    const size_t neighbour = (thread + 1) % THREADS;
    for (size_t i = 0; i < BLOCKS; ++i)
        filled[thread][i] = malloc(size_of(thread, i));
    pthread_barrier_wait(&barrier);
    for (size_t i = 0; i < BLOCKS; ++i)
        free(filled[neighbour][i]);
    pthread_barrier_wait(&barrier);
    for (size_t round = 0; round < ROUNDS; ++round) {
        void* block = malloc(size_of_passed(round));
        void* empty = NULL;
        /* While the neighbour's box is full, empty one's own: the ring of threads can't stand still. */
        while (!atomic_compare_exchange_weak(&mailbox[neighbour], &empty, block)) {
            empty = NULL;
            receive(thread);
            sched_yield();
        }
        receive(thread);
    }
    ++finished;
    while (finished < THREADS) {
        receive(thread);
        sched_yield();
    }
    receive(thread);
    return NULL;
}

static void start_and_join(void) {
    pthread_t threads[THREADS];
    char* stacks = mmap(NULL, (size_t)THREADS * STACK, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stacks == MAP_FAILED) abort();
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (size_t i = 0; i < THREADS; ++i) {
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstack(&attributes, stacks + i * STACK, STACK);
        if (pthread_create(&threads[i], &attributes, work, (void*)i) != 0) abort();
        pthread_attr_destroy(&attributes);
    }
    for (size_t i = 0; i < THREADS; ++i)
        pthread_join(threads[i], NULL);
}

int main(void) {
    start_and_join();
    size_t count = (size_t)THREADS * (BLOCKS + ROUNDS);
    size_t peak = 0;
    size_t bytes = 0;
    for (size_t thread = 0; thread < THREADS; ++thread) {
        for (size_t i = 0; i < BLOCKS; ++i)
            peak += size_of(thread, i);
        for (size_t round = 0; round < ROUNDS; ++round)
            bytes += size_of_passed(round);
    }
    char text[200];
    const int length = snprintf(text, sizeof text,
                                "{\"allocations\":%zu,\"frees\":%zu,\"bytes\":%zu,\"peak\":%zu,"
                                "\"threads\":%d}\n",
                                count, count, bytes + peak, peak, THREADS);
    return write(STDOUT_FILENO, text, (size_t)length) == length ? 0 : 1;
}
