/* SPDX-License-Identifier: Apache-2.0
 *
 * 64 threads at once, each with 1,000 allocations of 100 bytes, freed by itself; then 64 more, one after the other, each with
 * one. Exit status 0.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

enum { THREADS = 64, BLOCKS = 1000 };

static pthread_barrier_t barrier;

static void* many(void* unused) {
    void* blocks[BLOCKS];
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < BLOCKS; ++i)
        blocks[i] = malloc(100);
    for (int i = 0; i < BLOCKS; ++i)
        free(blocks[i]);
    return unused;
}

static void* one(void* unused) {
    void* volatile block = malloc(100);
    free(block);
    return unused;
}

int main(void) {
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; ++i) {
        if (pthread_create(&threads[i], NULL, many, NULL) != 0) return 1;
    }
    for (int i = 0; i < THREADS; ++i)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; ++i) {
        if (pthread_create(&threads[i], NULL, one, NULL) != 0) return 1;
        pthread_join(threads[i], NULL);
    }
    return 0;
}
