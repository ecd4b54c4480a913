/* SPDX-License-Identifier: Apache-2.0
 *
 * Forks 200 children, eight at a time. Child n frees a block of its parent's, makes 100 + n allocations of 50 bytes and
 * one of n bytes, frees 70 of them and exits; 31 + n stay. The parent then frees its own blocks.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 200, AT_ONCE = 8 };

static void* inherited[CHILDREN];

static void child(size_t number) {
    static void* blocks[100 + CHILDREN];
    free(inherited[number]);
    for (size_t i = 0; i < 100 + number; ++i)
        blocks[i] = malloc(50);
    for (size_t i = 0; i < 70; ++i)
        free(blocks[i]);
    void* volatile last = malloc(number);
    (void)last;
    exit(0);
}

static int reap(void) {
    int status = 0;
    return wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(void) {
    for (size_t i = 0; i < CHILDREN; ++i)
        inherited[i] = malloc(1000);
    for (size_t i = 0; i < CHILDREN; ++i) {
        const pid_t pid = fork();
        if (pid < 0) return 1;
        if (pid == 0) child(i);
        if (i >= AT_ONCE && !reap()) return 2;
    }
    for (size_t i = 0; i < AT_ONCE; ++i) {
        if (!reap()) return 2;
    }
    for (size_t i = 0; i < CHILDREN; ++i)
        free(inherited[i]);
    return 0;
}
