/* SPDX-License-Identifier: Apache-2.0
 *
 * Becomes a daemon as the old books say: forks, leaves the terminal, forks again, closes every descriptor that
 * there could be, and works on. Leaves 40 blocks of 250 bytes allocated before, and 60 of 350 after; the daemon writes its
 * process id into the file named by argument 1 when all is done.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void leave(size_t count, size_t size) {
    for (size_t i = 0; i < count; ++i) {
        void* volatile block = malloc(size);
        (void)block;
    }
}

static void detach(void) {
    if (fork() != 0) _exit(0);
    setsid();
    if (fork() != 0) _exit(0);
    for (int fd = 0; fd < 1024; ++fd)
        close(fd);
    open("/dev/null", O_RDWR);
}

int main(int argc, char** argv) {
    char temporary[512];
    if (argc < 2) return 2;
    leave(40, 250);
    detach();
    leave(60, 350);
    snprintf(temporary, sizeof temporary, "%s.part", argv[1]);
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0) return 1;
    close(fd);
    return rename(temporary, argv[1]) == 0 ? 0 : 1;
}
