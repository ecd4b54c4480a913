/* SPDX-License-Identifier: Apache-2.0
 *
 * Leaves three buffers of 1000 bytes from one place, one of 2000 from another, and one of 3000 from a signal handler's
 * alternate stack. With an argument: prints a line, then waits to be killed. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
static void* volatile kept;

NOINLINE void leak_here(size_t size) { kept = malloc(size); /* line 14 */ }

NOINLINE void outer(size_t size) {
    leak_here(size); /* line 17 */
    kept = NULL;
}

static NOINLINE void handler(int number) {
    leak_here(3000);
    kept = NULL;
    (void)number;
}

int main(int count, char** arguments) {
    (void)arguments;
    for (int i = 0; i < 3; ++i)
        outer(1000);
    char* text = realloc(malloc(1), 2000); /* line 31 */
    kept = text;
    static char room[65536];
    stack_t alternate = {.ss_sp = room, .ss_size = sizeof room};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    sigaltstack(&alternate, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    if (count > 1) {
        if (write(1, "ready\n", 6) != 6) return 1;
        for (;;)
            pause();
    }
    return 0;
}
