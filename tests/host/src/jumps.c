/* SPDX-License-Identifier: Apache-2.0
 *
 * Jumps: 5,000 times out of nested calls that allocate, 5,000 times out of a handler of a signal that the program raised,
 * and out of handlers of a timer that interrupt the reporting of buffers anywhere. The latter may lose the one that was
 * being reported, and nothing else. The handlers report and allocate too. Prints allocations and frees of host memory.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <tidemark/producer.h>

enum { ROUNDS = 5000, JUMPS = 500 };

static jmp_buf back;
static sigjmp_buf out;
static volatile sig_atomic_t jumps;

static void* volatile kept;

/* The compiler would see that nobody comes back from nested(), and complain. */
static void (*volatile jump)(void);

static void jump_back(void) { longjmp(back, 1); }

static void nested(int depth) {
    kept = malloc(40);
    free(kept);
    if (depth == 0) jump();
    if (depth > 0) nested(depth - 1);
    kept = NULL;
}

static void jump_out_of_calls(void) {
    if (setjmp(back) == 0) nested(7);
}

static void on_raised(int number) {
    (void)number;
    kept = malloc(50);
    free(kept);
    siglongjmp(out, 1);
}

static void jump_out_of_a_handler(void) {
    if (sigsetjmp(out, 1) == 0) raise(SIGUSR1);
}

static void on_tick(int number) {
    (void)number;
    tidemark_allocation(0, TIDEMARK_POOL_L1, 7, 1);
    tidemark_free(0, TIDEMARK_POOL_L1, 7);
    ++jumps;
    siglongjmp(out, 1);
}

static void start_timer(void) {
    const struct itimerval each = {{0, 300}, {0, 300}};
    signal(SIGALRM, on_tick);
    setitimer(ITIMER_REAL, &each, NULL);
}

static void report_until_enough(void) {
    static volatile uint64_t size;
    sigsetjmp(out, 1);
    if (jumps == 0) start_timer();
    while (jumps < JUMPS) {
        tidemark_allocation(0, TIDEMARK_POOL_DRAM, 100, ++size);
        tidemark_free(0, TIDEMARK_POOL_DRAM, 100);
    }
    signal(SIGALRM, SIG_IGN);
}

int main(void) {
    jump = jump_back;
    for (int i = 0; i < ROUNDS; ++i)
        jump_out_of_calls();
    signal(SIGUSR1, on_raised);
    for (int i = 0; i < ROUNDS; ++i)
        jump_out_of_a_handler();
    report_until_enough();
    char line[100];
    const int length =
        snprintf(line, sizeof line, "{\"host\": %d, \"jumps\": %d}\n", ROUNDS * 9, (int)jumps);
    fwrite(line, 1, (size_t)length, stderr);
    return 0;
}
