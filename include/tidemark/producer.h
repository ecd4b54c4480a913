/* SPDX-License-Identifier: Apache-2.0
 *
 * Feed Tidemark from a program: tell of buffers as they are allocated and freed. C11 and C++; link
 * Tidemark::producer (or pkg-config tidemark-producer). A thin C++ layer is in producer.hpp.
 *
 *     tidemark_declare_memory(0, TIDEMARK_MEMORY_DRAM, 12ull << 30);
 *     void *buffer = device_allocate(0, bytes);
 *     tidemark_allocation(0, TIDEMARK_POOL_DRAM, (uint64_t)buffer, bytes);    // after it exists
 *     ...
 *     tidemark_free(0, TIDEMARK_POOL_DRAM, (uint64_t)buffer);                 // before it goes
 *     device_free(0, buffer);
 *
 * Nothing happens unless the environment enables tracking (TIDEMARK_ENABLED=1 or TT_ALLOC_TRACKING_ENABLED=1) when the
 * program starts; then an event costs one time stamp and a few nanoseconds. No collector need run. TIDEMARK_INSTANCE
 * names the wanted collector, TIDEMARK_POLICY=drop never waits on a full ring, TIDEMARK_RING_BUDGET bounds the ring.
 *
 * Every function may be called from any thread at any time: in signal handlers, after fork, in exit handlers. None
 * throws, aborts, allocates from the heap, changes errno or sets a signal handler. One thing is not allowed, unless the
 * malloc tracker is preloaded: a child made by _Fork() or a raw clone, in a handler that interrupted one of these
 * functions, must not return from that handler (after fork() it may). Events that can't be kept are counted by cause
 * and shown by every viewer. Order matters: report an allocation after it succeeded and before another
 * thread can use it; report a free before the memory is really given back.
 */
#ifndef TIDEMARK_PRODUCER_H
#define TIDEMARK_PRODUCER_H

#include <stdint.h>

#include "tidemark/words.h"

#ifdef __cplusplus
extern "C" {
#define TIDEMARK_NOEXCEPT noexcept
#else
#define TIDEMARK_NOEXCEPT
#endif

#define TIDEMARK_API __attribute__((visibility("default")))

/* Answers of the functions that return int32_t. */
enum tidemark_result {
    TIDEMARK_OK = 0,
    TIDEMARK_ERROR_ARGUMENT = -1, /* null or empty name, or a number out of its range */
    TIDEMARK_ERROR_FULL = -2,     /* no room for another pool (8) or device (16) */
    TIDEMARK_ERROR_CONFLICT = -3, /* declared before, differently; the first stands */
    TIDEMARK_ERROR_BUSY = -4 /* another thread is declaring and did not finish in time; try again */
};

/* For producer.hpp's inline check alone: 0 once tracking is known to be off, when every call below is one branch. */
extern TIDEMARK_API uint32_t tidemark_may_be_enabled;

/* 1 if this process's events are wanted, else 0. Constant after the first answer. */
TIDEMARK_API int32_t tidemark_enabled(void) TIDEMARK_NOEXCEPT;

/* A buffer exists. device: TIDEMARK_DEVICE_HOST or 0 to 0xFFFE. pool: a tidemark_pool, or what tidemark_name_pool
 * gave; not TIDEMARK_POOL_ANY. id: an address, or any number unique in its device and pool while the buffer lives.
 * size: bytes, below 2^48. Arguments out of range are not recorded but counted as lost (corrupt). */
TIDEMARK_API void tidemark_allocation(uint32_t device, uint32_t pool, uint64_t id,
                                      uint64_t size) TIDEMARK_NOEXCEPT;

/* A buffer is about to go. pool may be TIDEMARK_POOL_ANY if the program doesn't know which one holds it. */
TIDEMARK_API void tidemark_free(uint32_t device, uint32_t pool, uint64_t id) TIDEMARK_NOEXCEPT;

/* The same, with the size that the program believes the buffer has. It travels with the event for whoever follows
 * events; totals always go by the size of the allocation. */
TIDEMARK_API void tidemark_free_sized(uint32_t device, uint32_t pool, uint64_t id,
                                      uint64_t size) TIDEMARK_NOEXCEPT;

/* Names a pool of this program's own, which lies in `memory` (a tidemark_memory). Answers its number, 7 to 14, the same
 * for the same name, or a tidemark_result below 0. name: UTF-8, 1 to 23 bytes. The string is copied. */
TIDEMARK_API int32_t tidemark_name_pool(const char* name, uint32_t memory) TIDEMARK_NOEXCEPT;

/* Names a device. name: UTF-8, 1 to 47 bytes, copied. Answers a tidemark_result. */
TIDEMARK_API int32_t tidemark_declare_device(uint32_t device, const char* name) TIDEMARK_NOEXCEPT;

/* States how many bytes a memory of a device has; not 0. Answers a tidemark_result. */
TIDEMARK_API int32_t tidemark_declare_memory(uint32_t device, uint32_t memory,
                                             uint64_t capacity) TIDEMARK_NOEXCEPT;

enum tidemark_flush_result {
    TIDEMARK_FLUSH_PUBLISHED =
        0, /* readers see every event that any thread had recorded before the call */
    TIDEMARK_FLUSH_NO_COLLECTOR =
        1, /* nobody is there who could publish them; also when tracking is off */
    TIDEMARK_FLUSH_TIMED_OUT =
        2 /* not all within the time; also in a sandbox and inside a signal handler that
                                        interrupted the recording of an event, where nothing waits */
};

/* Waits until what was recorded is published, at most timeout_ms (0 looks once). Not for hot paths. */
TIDEMARK_API int32_t tidemark_flush(uint32_t timeout_ms) TIDEMARK_NOEXCEPT;

/* What became of this process's events, as the process itself knows it. */
struct tidemark_status {
    uint32_t size;     /* bytes of this struct that were filled */
    uint32_t enabled;  /* as tidemark_enabled() */
    uint32_t attached; /* 1: a ring exists */
    uint32_t
        collector; /* 1: a collector that drains it, or would, gave a sign of life within 2 s */
    uint32_t sandboxed;  /* 1: entered a sandbox; 2: one that ended recording */
    uint32_t lanes;      /* in use or used before */
    uint64_t image;      /* id of the ring; 0 while there is none */
    uint64_t ring_bytes; /* of shared memory that were touched */
    struct tidemark_loss {
        uint64_t allocations;
        uint64_t frees;
        uint64_t bytes; /* of allocations, and of frees that stated a size */
    } lost[TIDEMARK_LOSS_CAUSE_COUNT];
};

/* Fills *status, `bytes` of it at most (pass sizeof). Answers a tidemark_result. A snapshot without a lock. */
TIDEMARK_API int32_t tidemark_get_status(struct tidemark_status* status,
                                         uint64_t bytes) TIDEMARK_NOEXCEPT;

#ifdef __cplusplus
}
#endif

#endif
