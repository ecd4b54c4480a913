/* SPDX-License-Identifier: Apache-2.0
 *
 * Allocates in signal handlers: of a signal that it raises itself between its own allocations, and of a timer that
 * interrupts it anywhere but there (malloc is not safe inside malloc, with or without a tracker). Keeps nothing. Prints:
 * allocations, frees and bytes, as counted.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

enum { kTicks = 200 };
static volatile sig_atomic_t ticks;
static volatile size_t allocations, bytes;

static void one(size_t size) {
    void* volatile block = malloc(size);
    free(block);
    ++allocations;
    bytes += size;
}

static void on_raised(int number) {
    (void)number;
    one(333);
}

static void on_tick(int number) {
    (void)number;
    if (ticks == kTicks) return; /* one that came before the timer was off */
    one(44);
    ++ticks;
}

int main(void) {
    signal(SIGUSR1, on_raised);
    signal(SIGALRM, on_tick);
    for (int i = 0; i < 1000; ++i) {
        one((size_t)i);
        raise(SIGUSR1);
    }
    const struct itimerval fast = {{0, 100}, {0, 100}};
    const struct itimerval off = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &fast, NULL);
    while (ticks < kTicks) {
    }
    setitimer(ITIMER_REAL, &off, NULL);
    char text[160];
    const int length =
        snprintf(text, sizeof text, "{\"allocations\":%zu,\"frees\":%zu,\"bytes\":%zu}\n",
                 allocations, allocations, bytes);
    return write(STDOUT_FILENO, text, (size_t)length) == length ? 0 : 1;
}
