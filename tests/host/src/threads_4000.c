/* SPDX-License-Identifier: Apache-2.0
 *
 * 4,000 threads (or argument 1) that live at once: each allocates 5 blocks of 70 bytes, waits for all the others, and
 * frees 4 of them. Their stacks are the program's own, so that libc allocates one vector a thread and nothing else.
 * Prints allocations and frees, the vectors included.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { STACK = 65536, KEPT = 1, BLOCKS = 5 };

static pthread_barrier_t all_there;

static void* work(void* unused) {
    void* volatile blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; ++i)
        blocks[i] = malloc(70);
    pthread_barrier_wait(&all_there);
    for (int i = KEPT; i < BLOCKS; ++i)
        free(blocks[i]);
    return unused;
}

int main(int count, char** arguments) {
    const size_t threads = count > 1 ? strtoul(arguments[1], NULL, 10) : 4000;
    char* stacks = mmap(NULL, threads * STACK, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    pthread_t* ids = mmap(NULL, threads * sizeof *ids, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stacks == MAP_FAILED || (void*)ids == MAP_FAILED) return 1;
    pthread_barrier_init(&all_there, NULL, (unsigned)threads);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    for (size_t i = 0; i < threads; ++i) {
        pthread_attr_setstack(&attributes, stacks + i * STACK, STACK);
        if (pthread_create(&ids[i], &attributes, work, NULL) != 0) return 2;
    }
    for (size_t i = 0; i < threads; ++i)
        pthread_join(ids[i], NULL);
    char line[100];
    const int length = snprintf(line, sizeof line, "{\"allocations\": %zu, \"frees\": %zu}\n",
                                threads * (BLOCKS + 1), threads * (BLOCKS - KEPT + 1));
    return fwrite(line, 1, (size_t)length, stderr) == (size_t)length ? 0 : 3;
}
