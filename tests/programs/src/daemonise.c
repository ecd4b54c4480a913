/* SPDX-License-Identifier: Apache-2.0
 *
 * Becomes a daemon as the old books say: forks, leaves the terminal, forks again, closes every descriptor that there could
 * be, and works on. The first process ends when the daemon closed its end of a pipe with everything else. 40 blocks of 250
 * bytes are left by the first, 10 of 450 by the daemon before it closes everything and 60 of 350 after; then it writes its
 * process id into the file named by argument 1.
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

static void wait_for_the_daemon(int pipe_end) {
    char nothing;
    while (read(pipe_end, &nothing, 1) > 0) {
    }
    _exit(0);
}

static void detach(void) {
    int ends[2];
    if (pipe(ends) != 0) _exit(1);
    const pid_t child = fork();
    if (child != 0) {
        close(ends[1]);
        wait_for_the_daemon(ends[0]);
    }
    setsid();
    if (fork() != 0) _exit(0);
    leave(10, 450);
    for (int fd = 0; fd < 1024; ++fd)
        close(fd);
    open("/dev/null", O_RDWR);
}

int main(int argc, char** argv) {
    char temporary[512];
    char text[32];
    if (argc < 2) return 2;
    leave(40, 250);
    detach();
    leave(60, 350);
    snprintf(temporary, sizeof temporary, "%s.part", argv[1]);
    const int length = snprintf(text, sizeof text, "%d\n", (int)getpid());
    const int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, text, (size_t)length) != length) return 1;
    close(fd);
    return rename(temporary, argv[1]) == 0 ? 0 : 1;
}
