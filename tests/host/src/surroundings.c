/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints what a program finds of its surroundings: the disposition of every signal, blocked and pending ones, open
 * descriptors and their flags, limits, timers, children, and what of this is different after it allocated, in a thread and
 * in a child too. The same with the tracker as without.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static void signals(void) {
    sigset_t blocked, pending;
    sigprocmask(SIG_BLOCK, NULL, &blocked);
    sigpending(&pending);
    for (int number = 1; number < NSIG; ++number) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) != 0) continue;
        printf("signal %d: %s, flags %x, blocked %d, pending %d\n", number,
               action.sa_handler == SIG_DFL   ? "default"
               : action.sa_handler == SIG_IGN ? "ignored"
                                              : "handled",
               (unsigned)action.sa_flags, sigismember(&blocked, number),
               sigismember(&pending, number));
    }
    stack_t alternate;
    if (sigaltstack(NULL, &alternate) == 0)
        printf("alternate stack: flags %d\n", alternate.ss_flags);
}

static void descriptors(void) {
    for (int fd = 0; fd < 1024; ++fd) {
        struct stat status;
        if (fstat(fd, &status) != 0) continue;
        printf("descriptor %d: mode %o, flags %x, %x\n", fd, (unsigned)status.st_mode & S_IFMT,
               (unsigned)fcntl(fd, F_GETFL), (unsigned)fcntl(fd, F_GETFD));
    }
}

static void limits(void) {
    for (int which = 0; which < RLIM_NLIMITS; ++which) {
        struct rlimit limit;
        if (getrlimit(which, &limit) == 0)
            printf("limit %d: %lx %lx\n", which, (unsigned long)limit.rlim_cur,
                   (unsigned long)limit.rlim_max);
    }
    for (int which = ITIMER_REAL; which <= ITIMER_PROF; ++which) {
        struct itimerval timer;
        if (getitimer(which, &timer) == 0)
            printf("timer %d: %ld\n", which, (long)timer.it_value.tv_sec);
    }
    const mode_t mask = umask(0);
    umask(mask);
    printf("umask %o, dumpable %d, no new privileges %d, time stamps %d\n", (unsigned)mask,
           prctl(PR_GET_DUMPABLE), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(PR_GET_SECCOMP));
}

static void others(void) {
    const int child = waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
    printf("no children: %d, locale-free: %s\n", child, getenv("LC_ALL") != NULL ? "yes" : "no");
}

static void* all(void* when) {
    printf("%s\n", (const char*)when);
    for (int i = 0; i < 50000; ++i) {
        void* volatile block = malloc((size_t)i % 500);
        free(block);
    }
    signals();
    descriptors();
    limits();
    others();
    fflush(stdout);
    return NULL;
}

int main(void) {
    pthread_t thread;
    all("at first");
    pthread_create(&thread, NULL, all, "in a thread");
    pthread_join(thread, NULL);
    const pid_t child = fork();
    if (child == 0) {
        all("in a child");
        _exit(0);
    }
    waitpid(child, NULL, 0);
    all("at last");
    return 0;
}
