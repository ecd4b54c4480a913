/* SPDX-License-Identifier: Apache-2.0
 *
 * Set-user-id programs, and what a program does that drops its rights. Argument 1:
 *   says    prints its real and effective user and whether the loader found the tracker's name in the environment
 *   drops   allocates 1,000 blocks of 40 bytes, becomes user 65534, allocates 1,000 more, and so does a child of it
 *   chroots the same in a root directory that holds nothing (argument 2), where the child can make no ring
 *   works   allocates 1,000 blocks
 *   begins  allocates 1,000 blocks, its first, in such a root directory
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

static void work(void) {
    for (int i = 0; i < 1000; ++i) {
        void* volatile block = malloc(40);
        (void)block;
    }
}

static int with_a_child(void) {
    work();
    const pid_t child = fork();
    if (child == 0) {
        work();
        _exit(0);
    }
    int status = 1;
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : 1;
}

int main(int count, char** arguments) {
    if (count < 2) return 2;
    if (strcmp(arguments[1], "says") == 0) {
        work();
        printf("%d %d secure %lu tracker %s\n", (int)getuid(), (int)geteuid(), getauxval(AT_SECURE),
               getenv("LD_PRELOAD") == NULL ? "no" : "yes");
        return 7;
    }
    if (strcmp(arguments[1], "begins") == 0) {
        if (count < 3 || chroot(arguments[2]) != 0) return 3;
        work();
        return 0;
    }
    work();
    if (strcmp(arguments[1], "works") == 0) return 7;
    if (strcmp(arguments[1], "chroots") == 0 && (count < 3 || chroot(arguments[2]) != 0)) return 3;
    if (strcmp(arguments[1], "drops") == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) return 4;
    return with_a_child();
}
