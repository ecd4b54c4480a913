/* SPDX-License-Identifier: Apache-2.0
 *
 * 200 threads that are cancelled asynchronously, at any instruction, while they report buffers, and 100 that are
 * cancelled at a cancellation point after they allocated. A destructor of a thread's own value allocates once more.
 * Prints how many blocks of 90 bytes were allocated and freed.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <tidemark/producer.h>
#include <unistd.h>

static pthread_key_t key;
static _Atomic(int) begun;

static void last_words(void* block) {
    free(block);
    void* volatile another = malloc(90);
    free(another);
}

static void* reports(void* argument) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
    begun = 1;
    for (;;) {
        tidemark_allocation(0, TIDEMARK_POOL_DRAM, (uint64_t)(size_t)argument, 8);
        tidemark_free(0, TIDEMARK_POOL_DRAM, (uint64_t)(size_t)argument);
    }
    return NULL;
}

static void* allocates(void* unused) {
    pthread_setspecific(key, malloc(90));
    begun = 1;
    for (;;)
        pause();
    return unused;
}

static int cancel_one(void* (*body)(void*), size_t number, unsigned delay) {
    pthread_t thread;
    void* result = NULL;
    begun = 0;
    if (pthread_create(&thread, NULL, body, (void*)number) != 0) return 0;
    while (!begun)
        sched_yield();
    for (volatile unsigned i = 0; i < delay; ++i) {
    }
    pthread_cancel(thread);
    pthread_join(thread, &result);
    return result == PTHREAD_CANCELED;
}

int main(void) {
    pthread_key_create(&key, last_words);
    for (size_t i = 0; i < 200; ++i)
        if (!cancel_one(reports, i + 1, (unsigned)(i * 37 % 5000))) return 1;
    for (size_t i = 0; i < 100; ++i)
        if (!cancel_one(allocates, i, 0)) return 2;
    printf("{\"allocations\": 200, \"frees\": 200}\n");
    return 0;
}
