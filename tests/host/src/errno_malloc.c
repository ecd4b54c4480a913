/* SPDX-License-Identifier: Apache-2.0
 *
 * errno after every function of the malloc family: untouched by one that succeeds, ENOMEM or EINVAL from one that fails,
 * as libc has it; and free never changes it. From threads too, whose first call makes a lane, and in a fork child, whose
 * first call makes a ring. Prints each answer; the same with the tracker as without.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile size_t huge = SIZE_MAX / 2;
static void* volatile sink;

#define SHOW(expression)                                                                    \
    do {                                                                                    \
        errno = 4321;                                                                       \
        sink = (expression);                                                                \
        const int after = errno;                                                            \
        printf("%s: %s, errno %d", #expression, sink != NULL ? "block" : "nothing", after); \
        errno = 1234;                                                                       \
        free(sink);                                                                         \
        printf(", free %d\n", errno);                                                       \
    } while (0)

static void* aligned(size_t alignment, size_t size) {
    void* block = NULL;
    const int before = errno;
    const int answer = posix_memalign(&block, alignment, size);
    printf("(posix_memalign answers %d, errno %s) ", answer, errno == before ? "same" : "changed");
    return answer == 0 ? block : NULL;
}

static void* all(void* where) {
    printf("%s\n", (const char*)where);
    SHOW(malloc(100));
    SHOW(malloc(0));
    SHOW(malloc(huge));
    SHOW(calloc(10, 10));
    SHOW(calloc(huge, 4));
    SHOW(realloc(NULL, 10));
    SHOW(realloc(malloc(10), 100000));
    SHOW(realloc(malloc(10), 0));
    SHOW(reallocarray(NULL, 10, 10));
    SHOW(reallocarray(NULL, huge, 4));
    SHOW(memalign(64, 100));
    SHOW(memalign(64, huge));
    SHOW(aligned_alloc(64, 128));
    SHOW(aligned(64, 100));
    SHOW(aligned(3, 100));
    SHOW(aligned(64, huge));
    SHOW(valloc(10));
    SHOW(pvalloc(10));
    SHOW(pvalloc(huge));
    /* A failed realloc leaves the block. */
    void* volatile block = malloc(10);
    errno = 99;
    sink = realloc(block, huge);
    printf("failed realloc: %s, errno %d\n", sink == NULL ? "nothing" : "block", errno);
    free(block);
    for (int i = 0; i < 100000; ++i) {
        errno = i;
        sink = malloc(16);
        free(sink);
        if (errno != i) {
            printf("errno changed at %d\n", i);
            break;
        }
    }
    fflush(stdout);
    return NULL;
}

int main(void) {
    pthread_t thread;
    all("the main thread");
    for (int i = 0; i < 3; ++i) {
        pthread_create(&thread, NULL, all, "a thread");
        pthread_join(thread, NULL);
    }
    const pid_t child = fork();
    if (child == 0) {
        all("a child");
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_NOFILE, &none);
        if (fork() == 0) {
            all("a child without descriptors");
            _exit(0);
        }
        wait(NULL);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    return 0;
}
