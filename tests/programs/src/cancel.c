/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that are cancelled while they allocate: each loops over malloc, write and free until it is cancelled at a
 * cancellation point, and its clean-up handler frees what it holds. 100 of them, four at a time.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 100, AT_ONCE = 4 };

static int null_device;

static void* loop(void* unused) {
    for (;;) {
        void* block = malloc(1234);
        pthread_cleanup_push(free, block);
        if (write(null_device, block, 1) != 1) abort();
        pthread_cleanup_pop(1);
    }
    return unused;
}

static void cancel(pthread_t thread) {
    void* result = NULL;
    pthread_cancel(thread);
    pthread_join(thread, &result);
    if (result != PTHREAD_CANCELED) abort();
}

int main(void) {
    pthread_t threads[THREADS];
    null_device = open("/dev/null", O_WRONLY);
    for (int i = 0; i < THREADS; ++i) {
        if (pthread_create(&threads[i], NULL, loop, NULL) != 0) return 1;
        if (i >= AT_ONCE) cancel(threads[i - AT_ONCE]);
    }
    for (int i = THREADS - AT_ONCE; i < THREADS; ++i)
        cancel(threads[i]);
    return 0;
}
