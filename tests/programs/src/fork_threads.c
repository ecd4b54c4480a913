/* SPDX-License-Identifier: Apache-2.0
 *
 * Forks 50 children while eight threads allocate without pause. Each child has only the forking thread; it makes 20
 * allocations of 60 bytes and frees half of them.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, CHILDREN = 50 };

static _Atomic(int) stop;

static void* churn(void* unused) {
    while (!stop) {
        void* volatile block = malloc(500);
        free(block);
    }
    return unused;
}

static void child(void) {
    void* blocks[20];
    for (int i = 0; i < 20; ++i)
        blocks[i] = malloc(60);
    for (int i = 0; i < 10; ++i)
        free(blocks[i]);
    _exit(0);
}

int main(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; ++i) {
        if (pthread_create(&threads[i], NULL, churn, NULL) != 0) return 1;
    }
    int failures = 0;
    for (int i = 0; i < CHILDREN; ++i) {
        int status = -1;
        const pid_t pid = fork();
        if (pid == 0) child();
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) ++failures;
    }
    stop = 1;
    for (int i = 0; i < THREADS; ++i)
        pthread_join(threads[i], NULL);
    return failures;
}
