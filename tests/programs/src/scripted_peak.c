/* SPDX-License-Identifier: Apache-2.0
 *
 * A scripted sequence whose highest amount is known: stairs up and down, growing blocks, with the summit in the middle.
 * Allocates nothing else. Prints: allocations, frees, bytes, peak.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static size_t allocations, frees, bytes, live, peak;

static void take(size_t size) {
    ++allocations;
    bytes += size;
    live += size;
    if (live > peak) peak = live;
}

static void drop(size_t size) {
    ++frees;
    live -= size;
}

static void stairs(size_t steps, size_t size) {
    void* block[500];
    for (size_t i = 0; i < steps; ++i)
        block[i] = malloc(size + i), take(size + i);
    for (size_t i = 0; i < steps; ++i)
        free(block[i]), drop(size + i);
}

/* A realloc is a free and an allocation: the two sizes are never live at once. */
static void growing(void) {
    void* volatile block = malloc(1);
    take(1);
    for (size_t size = 2; size <= 1 << 20; size *= 2) {
        void* moved = realloc(block, size);
        if (moved == NULL) abort();
        block = moved;
        drop(size / 2);
        take(size);
    }
    stairs(300, 2000);
    free(block);
    drop(1 << 20);
}

int main(void) {
    stairs(500, 1000);
    growing();
    stairs(400, 100);
    char text[160];
    const int length =
        snprintf(text, sizeof text,
                 "{\"allocations\":%zu,\"frees\":%zu,\"bytes\":%zu,\"peak\":%zu,\"threads\":0}\n",
                 allocations, frees, bytes, peak);
    return live == 0 && write(STDOUT_FILENO, text, (size_t)length) == length ? 0 : 1;
}
