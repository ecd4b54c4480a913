/* SPDX-License-Identifier: Apache-2.0
 *
 * The numbers behind Tidemark's words: devices, memories, pools, causes of loss. Shared by the producer API,
 * the ring segment and the stats segment. C11 and C++; no dependency. Values are ABI: only ever added to.
 */
#ifndef TIDEMARK_WORDS_H
#define TIDEMARK_WORDS_H

#include <stdint.h>

/* The host as a device. Accelerators are 0, 1, 2 ... below it. */
#define TIDEMARK_DEVICE_HOST 0xFFFFu

/* A physical memory of a device; capacities belong to memories. */
enum tidemark_memory {
    TIDEMARK_MEMORY_DRAM = 0,
    TIDEMARK_MEMORY_L1 = 1,
    TIDEMARK_MEMORY_HOST = 2,
    TIDEMARK_MEMORY_COUNT = 3
};

/* A use of a memory. 0-4 are tt-metal's BufferType, 5 its CB; 7-14 are named by the image that uses them. */
enum tidemark_pool {
    TIDEMARK_POOL_DRAM = 0,
    TIDEMARK_POOL_L1 = 1,
    TIDEMARK_POOL_SYSTEM_MEMORY = 2,
    TIDEMARK_POOL_L1_SMALL = 3,
    TIDEMARK_POOL_TRACE = 4,
    TIDEMARK_POOL_CB = 5,
    TIDEMARK_POOL_KERNEL = 6,
    TIDEMARK_POOL_FIRST_NAMED = 7,
    TIDEMARK_POOL_LAST_NAMED = 14,
    TIDEMARK_POOL_ANY = 15 /* in frees only: whichever pool holds the buffer */
};

/* Who told of an image's buffers. */
enum tidemark_origin {
    TIDEMARK_ORIGIN_PROGRAM = 0, /* the program itself, through its ring */
    TIDEMARK_ORIGIN_SOCKET = 1,  /* the program, through a socket of the older monitors */
    TIDEMARK_ORIGIN_REGION = 2   /* a shared region of tt-metal's own: current figures only */
};

/* Why an event was not applied. X(identifier, name in JSON, meaning). */
#define TIDEMARK_LOSS_CAUSES(X)                                                                    \
    X(FULL, "full", "the lane was full and the waiting budget was spent")                          \
    X(NO_COLLECTOR, "no_collector", "the lane was full and no collector was there to wait for")    \
    X(NO_LANE, "no_lane", "more threads than lanes, and the shared one was busy")                  \
    X(HANDLER, "handler", "a signal handler's small lane was full or not there yet")               \
    X(NO_SPACE, "no_space", "shared memory could not be had (file system, memory or descriptors)") \
    X(BUDGET, "budget", "the user's budget for rings of dead programs was spent")                  \
    X(SANDBOX, "sandbox", "the program is in a sandbox that forbids what the event needed")        \
    X(CORRUPT, "corrupt", "the record could not be what a producer writes")

enum tidemark_loss_cause {
#define TIDEMARK_X(id, name, doc) TIDEMARK_LOSS_##id,
    TIDEMARK_LOSS_CAUSES(TIDEMARK_X)
#undef TIDEMARK_X
        TIDEMARK_LOSS_CAUSE_COUNT
};

#endif
