/* SPDX-License-Identifier: Apache-2.0
 *
 * The reader of the stats segment: open once, then every figure is a few loads from memory. C11 and C++, headers
 * only, nothing but libc; stats_reader.hpp wraps it for C++. Not for live buffers (account_reader.hpp), and not for
 * what needs the collector to act (its control socket).
 *
 *     tidemark_reader reader;
 *     int error = tidemark_reader_open(&reader, NULL);
 *     tidemark_usage_row row;
 *     for (uint32_t i = 0; i < tidemark_reader_rows(&reader, TIDEMARK_TABLE_USAGE); i++)
 *         if (tidemark_reader_row(&reader, TIDEMARK_TABLE_USAGE, i, &row, sizeof row) == TIDEMARK_READ_OK)
 *             printf("%" PRIu64 "\n", row.current);
 *     tidemark_reader_close(&reader);
 *
 * After open nothing here makes a system call, asks a clock, allocates, writes to shared memory or loops without a
 * bound, also if the collector died in the middle of a store. Any number of threads may read through one
 * tidemark_reader; open and close, in stats_reader_open.h, belong to one thread. A collector that restarts makes a new
 * segment: when tidemark_reader_superseded() says so, close and open again.
 */
#ifndef TIDEMARK_STATS_READER_H
#define TIDEMARK_STATS_READER_H

#include "tidemark/stats_reader_open.h"

#define TIDEMARK_READER_TRIES 1000 /* of one row, until it is BUSY; some 100 us at worst */

enum tidemark_read_result {
    TIDEMARK_READ_OK = 0,
    TIDEMARK_READ_FREE = 1, /* a free row; or no sample */
    TIDEMARK_READ_BUSY = 2, /* the writer was faster, every time: ask again later */
    TIDEMARK_READ_RANGE = 3 /* no such row, table or sample */
};

/* Rows that may be in use; rows come and go while one looks. */
static inline uint32_t tidemark_reader_rows(const tidemark_reader* reader,
                                            enum tidemark_stats_table_id table) {
    if ((unsigned)table >= TIDEMARK_TABLE_COUNT || reader->tables[table].capacity == 0) {
        return 0;
    }
    const tidemark_reader_table* t = &reader->tables[table];
    /* SYNC(rows-used): the rows below it have been published. */
    const uint32_t used = __atomic_load_n(t->rows_used, __ATOMIC_ACQUIRE);
    return used < t->capacity ? used : t->capacity;
}

/* SYNC(row-latch), the words: whoever loads a word of a newer payload has acquired the sequence stored before it. */
#define TIDEMARK_READER_WORD(i)                                                       \
    do {                                                                              \
        const uint64_t tidemark_word = __atomic_load_n(from + (i), __ATOMIC_ACQUIRE); \
        memcpy(to + (i)*8, &tidemark_word, 8);                                        \
    } while (0)

/* Unrolled, since compilers leave loops over atomic loads alone; with a constant size no branch is left. */
static inline __attribute__((always_inline)) void tidemark_reader_copy(unsigned char* to,
                                                                       const uint64_t* from,
                                                                       size_t size) {
    for (; size >= 64; size -= 64, to += 64, from += 8) {
        TIDEMARK_READER_WORD(0);
        TIDEMARK_READER_WORD(1);
        TIDEMARK_READER_WORD(2);
        TIDEMARK_READER_WORD(3);
        TIDEMARK_READER_WORD(4);
        TIDEMARK_READER_WORD(5);
        TIDEMARK_READER_WORD(6);
        TIDEMARK_READER_WORD(7);
    }
    if (size & 32) {
        TIDEMARK_READER_WORD(0);
        TIDEMARK_READER_WORD(1);
        TIDEMARK_READER_WORD(2);
        TIDEMARK_READER_WORD(3);
        to += 32, from += 4;
    }
    if (size & 16) {
        TIDEMARK_READER_WORD(0);
        TIDEMARK_READER_WORD(1);
        to += 16, from += 2;
    }
    if (size & 8) {
        TIDEMARK_READER_WORD(0);
        to += 8, from += 1;
    }
    if (size & 7) {
        const uint64_t word = __atomic_load_n(from, __ATOMIC_ACQUIRE); /* SYNC(row-latch) */
        memcpy(to, &word, size & 7);
    }
}
#undef TIDEMARK_READER_WORD

/* One try at a row. 1: the payload is untorn. */
static inline __attribute__((always_inline)) int tidemark_reader_try(const unsigned char* row,
                                                                     uint32_t payload_size,
                                                                     void* payload, size_t size) {
    const uint64_t* sequence = (const uint64_t*)(const void*)row;
    /* SYNC(row-latch): acquires the copy that the writer finished before it stored this value. */
    const uint64_t begun = __atomic_load_n(sequence, __ATOMIC_ACQUIRE);
    const unsigned char* copy = row + TIDEMARK_STATS_ROW_PREFIX + (begun & 1 ? payload_size : 0);
    tidemark_reader_copy((unsigned char*)payload, (const uint64_t*)(const void*)copy, size);
    return __atomic_load_n(sequence, __ATOMIC_RELAXED) == begun;
}

/* The rare cases, out of the way of the one below: a busy row, or one of an older minor version. */
static __attribute__((noinline, cold, unused)) int tidemark_reader_try_again(
    const unsigned char* row, uint32_t payload_size, void* payload, size_t size) {
    const size_t taken = size < payload_size ? size : payload_size;
    memset((unsigned char*)payload + taken, 0, size - taken);
    for (int tries = 0; tries < TIDEMARK_READER_TRIES; tries++) {
        if (tidemark_reader_try(row, payload_size, payload, taken)) {
            return 1;
        }
    }
    return 0;
}

/* Reads row `index` into `payload`, a tidemark_*_row of that table, of `size` bytes, at least 16. Fields that this
 * segment's minor version lacks become 0. A tidemark_read_result; `payload` is defined for OK and FREE. */
static inline __attribute__((always_inline)) int tidemark_reader_row(
    const tidemark_reader* reader, enum tidemark_stats_table_id table, uint32_t index,
    void* payload, size_t size) {
    if (index >= tidemark_reader_rows(reader, table) || size < 16) {
        return TIDEMARK_READ_RANGE;
    }
    const tidemark_reader_table* t = &reader->tables[table];
    const unsigned char* row = t->rows + (uint64_t)index * t->row_size;
    if ((size > t->payload_size || !tidemark_reader_try(row, t->payload_size, payload, size)) &&
        !tidemark_reader_try_again(row, t->payload_size, payload, size)) {
        return TIDEMARK_READ_BUSY;
    }
    uint32_t in_use;
    memcpy(&in_use, (unsigned char*)payload + 8, sizeof in_use);
    return in_use ? TIDEMARK_READ_OK : TIDEMARK_READ_FREE;
}

/* Reads sample `index` of the ring of `count` samples at `offset` (fine_offset or coarse_offset of a history row). */
static inline int tidemark_reader_sample(const tidemark_reader* reader, uint64_t offset,
                                         uint32_t count, uint32_t index,
                                         tidemark_stats_sample* sample) {
    if (offset == 0 || offset % 8 != 0 || index >= count ||
        !tidemark_reader_fits(reader->size, offset, count, sizeof *sample)) {
        return TIDEMARK_READ_RANGE;
    }
    const void* ring = (const unsigned char*)reader->header + offset;
    const tidemark_stats_sample* from = (const tidemark_stats_sample*)ring + index;
    for (int tries = 0; tries < TIDEMARK_READER_TRIES; tries++) {
        /* SYNC(sample): the writer stores time_guard, values, time; we load them in the opposite order. */
        sample->time = __atomic_load_n(&from->time, __ATOMIC_ACQUIRE);
        sample->current = __atomic_load_n(&from->current, __ATOMIC_ACQUIRE);
        sample->highest = __atomic_load_n(&from->highest, __ATOMIC_ACQUIRE);
        sample->time_guard = __atomic_load_n(&from->time_guard, __ATOMIC_RELAXED);
        if (sample->time == sample->time_guard) {
            return sample->time ? TIDEMARK_READ_OK : TIDEMARK_READ_FREE;
        }
    }
    return TIDEMARK_READ_BUSY;
}

/* The last change within the fine (100 ms) or coarse (1 s) period that holds `unix_ns`. FREE: nothing changed in it, so
 * what the period before ended with still holds, which may be TIDEMARK_SAMPLE_UNKNOWN. */
static inline int tidemark_reader_history(const tidemark_reader* reader,
                                          const tidemark_history_row* row, int coarse,
                                          uint64_t unix_ns, tidemark_stats_sample* sample) {
    const uint64_t period =
        coarse ? TIDEMARK_HISTORY_COARSE_PERIOD_NS : TIDEMARK_HISTORY_FINE_PERIOD_NS;
    const uint32_t count = coarse ? TIDEMARK_HISTORY_COARSE_COUNT : TIDEMARK_HISTORY_FINE_COUNT;
    const uint64_t offset = coarse ? row->coarse_offset : row->fine_offset;
    const uint32_t index = (uint32_t)(unix_ns / period % count);
    const int result = tidemark_reader_sample(reader, offset, count, index, sample);
    if (result == TIDEMARK_READ_OK && sample->time / period != unix_ns / period) {
        return TIDEMARK_READ_FREE; /* of an earlier round of the ring */
    }
    return result;
}

/* SYNC(collector-state). A tidemark_collector_state. RUNNING is what it last said of itself; the heartbeat tells whether
 * it still lives. */
static inline uint32_t tidemark_reader_state(const tidemark_reader* reader) {
    return __atomic_load_n(&reader->header->state, __ATOMIC_ACQUIRE);
}

/* A newer generation made another segment; this one will not change any more: close and open again. */
static inline int tidemark_reader_superseded(const tidemark_reader* reader) {
    return tidemark_reader_state(reader) == TIDEMARK_COLLECTOR_SUPERSEDED;
}

/* SYNC(heartbeat): the times are at least as new as the count that was seen before them. */
static inline uint64_t tidemark_reader_heartbeat_count(const tidemark_reader* reader) {
    return __atomic_load_n(&reader->header->heartbeat_count, __ATOMIC_ACQUIRE);
}

/* CLOCK_REALTIME ns; ordered by the count that was loaded before it. */
static inline uint64_t tidemark_reader_heartbeat_unix_ns(const tidemark_reader* reader) {
    return __atomic_load_n(&reader->header->heartbeat_unix_ns, __ATOMIC_RELAXED);
}

/* CLOCK_MONOTONIC ns of this boot; the age of the heartbeat is best taken from it. Ordered as the other. */
static inline uint64_t tidemark_reader_heartbeat_monotonic_ns(const tidemark_reader* reader) {
    return __atomic_load_n(&reader->header->heartbeat_monotonic_ns, __ATOMIC_RELAXED);
}

/* SYNC(pass): rows read between a load of pass_ended and one of pass_begun that give the same number belong to one
 * moment, the end of that publication. */
static inline uint64_t tidemark_reader_pass_ended(const tidemark_reader* reader) {
    return __atomic_load_n(&reader->header->pass_ended, __ATOMIC_ACQUIRE);
}

/* The other end of that frame: the rows' own acquires came before. */
static inline uint64_t tidemark_reader_pass_begun(const tidemark_reader* reader) {
    return __atomic_load_n(&reader->header->pass_begun, __ATOMIC_RELAXED);
}

/* Path of the collector's control socket, null if it has none. Valid until close. */
static inline const char* tidemark_reader_control_socket(const tidemark_reader* reader) {
    return reader->control_socket;
}

/* The JSON that describes every field, `*size` bytes, not zero-terminated. Valid until close. */
static inline const char* tidemark_reader_schema(const tidemark_reader* reader, size_t* size) {
    *size = (size_t)reader->header->schema_size;
    return (const char*)reader->header + reader->header->schema_offset;
}

#endif
