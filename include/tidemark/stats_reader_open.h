/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening and closing the stats segment for stats_reader.h, which is what to include. Everything that can be wrong with
 * a segment is checked here, once, so that reading needs no check but a row's number: the owner, the version, and that
 * every table, the schema and the socket's path lie within the map.
 */
#ifndef TIDEMARK_STATS_READER_OPEN_H
#define TIDEMARK_STATS_READER_OPEN_H

/* Under -std=c11 libc hides what POSIX has; asked for here if nobody else did. */
#if defined(__STRICT_ANSI__) && !defined(_POSIX_C_SOURCE) && !defined(_XOPEN_SOURCE) && \
    !defined(_DEFAULT_SOURCE) && !defined(_GNU_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tidemark/stats_abi.h"

#if !defined(O_CLOEXEC) || !defined(O_NOFOLLOW)
#error \
    "include tidemark/stats_reader.h before other headers, or compile with -D_POSIX_C_SOURCE=200809L"
#endif

#define TIDEMARK_READER_FEATURES_KNOWN \
    0u /* bits of features_incompatible that this reader understands */
#define TIDEMARK_READER_PATH_SIZE 96 /* "/dev/shm/tidemark." + 63 + ".stats" */

/* Why a segment could not be opened. X(identifier, code, what failed and what to do). */
#define TIDEMARK_READER_ERRORS(X)                                                                  \
    X(OK, 0, "no error")                                                                           \
    X(NO_SEGMENT, -1, "no such segment: start the collector (tidemarkd), or name its instance")    \
    X(PERMISSION, -2, "permission denied: ask the collector's owner for --mode or --group")        \
    X(NOT_TRUSTED, -3,                                                                             \
      "not a regular file of root, of yourself or of a trusted user: refused; "                    \
      "trust its owner explicitly if you do")                                                      \
    X(BAD_MAGIC, -4, "not a Tidemark stats segment (wrong magic): another program uses this name") \
    X(BYTE_ORDER, -5, "written in the other byte order: read it on the machine that wrote it")     \
    X(VERSION, -6,                                                                                 \
      "another major version of the layout: use the reader of the collector's release")            \
    X(INCOMPATIBLE, -7, "uses features that this reader does not know: update the reader")         \
    X(TRUNCATED, -8, "shorter than its header and tables say: restart the collector")              \
    X(MALFORMED, -9, "a table's sizes contradict each other: restart the collector")               \
    X(BAD_NAME, -10, "not an instance name: 1 to 63 characters without a slash")                   \
    X(SYSTEM, -11, "the system refused to open or map it")

enum tidemark_reader_error {
#define TIDEMARK_X(id, code, text) TIDEMARK_READER_##id = (code),
    TIDEMARK_READER_ERRORS(TIDEMARK_X)
#undef TIDEMARK_X
};

/* A table of the directory, validated. `capacity` is 0 if the segment lacks it. */
typedef struct tidemark_reader_table {
    const unsigned char* rows;
    const uint32_t* rows_used; /* in the segment, atomic */
    uint32_t row_size;
    uint32_t payload_size;
    uint32_t capacity;
} tidemark_reader_table;

typedef struct tidemark_reader {
    const tidemark_stats_header* header; /* in the segment */
    uint64_t size;                       /* header->segment_size as validated */
    const char* control_socket;          /* in the segment; null: none */
    tidemark_reader_table tables[TIDEMARK_TABLE_COUNT];
    size_t mapped_size; /* 0: the caller's memory */
    int system_error;   /* errno of the call that failed at open */
    char path[TIDEMARK_READER_PATH_SIZE];
} tidemark_reader;

/* What a code of tidemark_reader_open means and what to do about it. A constant; any thread. */
static inline const char* tidemark_reader_error_text(int error) {
    switch (error) {
#define TIDEMARK_X(id, code, text) \
    case (code):                   \
        return text;
        TIDEMARK_READER_ERRORS(TIDEMARK_X)
#undef TIDEMARK_X
        default:
            return "unknown error";
    }
}

/* The whole sentence for a person, into `text`: which segment, what failed, what to do. Returns `text`. */
static inline char* tidemark_reader_describe(const tidemark_reader* reader, int error, char* text,
                                             size_t size) {
    const char* cause = reader->system_error ? strerror(reader->system_error) : "";
    snprintf(text, size, "cannot read %s: %s%s%s",
             reader->path[0] ? reader->path : "the stats segment",
             tidemark_reader_error_text(error), *cause ? ": " : "", cause);
    return text;
}

/* `count` things of `each` bytes at `offset` lie within `size` bytes. */
static inline int tidemark_reader_fits(uint64_t size, uint64_t offset, uint64_t count,
                                       uint64_t each) {
    return offset <= size && count <= (size - offset) / each;
}

static inline int tidemark_reader_check_header(const tidemark_stats_header* header, uint64_t size) {
    if (size < sizeof *header) {
        return TIDEMARK_READER_TRUNCATED;
    }
    if (header->magic == __builtin_bswap64(TIDEMARK_STATS_MAGIC)) {
        return TIDEMARK_READER_BYTE_ORDER;
    }
    if (header->magic != TIDEMARK_STATS_MAGIC) {
        return TIDEMARK_READER_BAD_MAGIC;
    }
    if (header->byte_order != TIDEMARK_STATS_BYTE_ORDER) {
        return TIDEMARK_READER_BYTE_ORDER;
    }
    if (header->version_major != TIDEMARK_STATS_MAJOR) {
        return TIDEMARK_READER_VERSION;
    }
    if (header->features_incompatible & ~TIDEMARK_READER_FEATURES_KNOWN) {
        return TIDEMARK_READER_INCOMPATIBLE;
    }
    if (header->segment_size > size || header->header_size > header->segment_size) {
        return TIDEMARK_READER_TRUNCATED;
    }
    return header->header_size < sizeof *header ? TIDEMARK_READER_MALFORMED : TIDEMARK_READER_OK;
}

/* Takes over what the directory says of one table; a table that this reader does not know is checked and left. */
static inline int tidemark_reader_take_table(tidemark_reader* reader,
                                             const tidemark_stats_table* entry) {
    const uint64_t least = TIDEMARK_STATS_ROW_PREFIX + 2ull * entry->payload_size;
    if (entry->payload_size < 16 || entry->payload_size % 8 != 0 || entry->row_size % 64 != 0 ||
        entry->row_size < least || entry->rows_offset % 8 != 0) {
        return TIDEMARK_READER_MALFORMED;
    }
    if (!tidemark_reader_fits(reader->size, entry->rows_offset, entry->row_capacity,
                              entry->row_size)) {
        return TIDEMARK_READER_TRUNCATED;
    }
    if (entry->table < TIDEMARK_TABLE_COUNT) {
        tidemark_reader_table* table = &reader->tables[entry->table];
        if (table->rows) {
            return TIDEMARK_READER_MALFORMED; /* listed twice */
        }
        table->rows = (const unsigned char*)reader->header + entry->rows_offset;
        table->rows_used = &entry->rows_used;
        table->row_size = entry->row_size;
        table->payload_size = entry->payload_size;
        table->capacity = entry->row_capacity;
    }
    return TIDEMARK_READER_OK;
}

static inline int tidemark_reader_take_directory(tidemark_reader* reader) {
    const uint64_t offset = reader->header->directory_offset;
    const uint32_t count = reader->header->table_count;
    if (offset % 8 != 0) {
        return TIDEMARK_READER_MALFORMED;
    }
    if (!tidemark_reader_fits(reader->size, offset, count, sizeof(tidemark_stats_table))) {
        return TIDEMARK_READER_TRUNCATED;
    }
    const void* directory = (const unsigned char*)reader->header + offset;
    for (uint32_t i = 0; i < count; i++) {
        const int error =
            tidemark_reader_take_table(reader, (const tidemark_stats_table*)directory + i);
        if (error) {
            return error;
        }
    }
    return TIDEMARK_READER_OK;
}

/* Schema and control socket: pointers into the segment, bounded before anyone follows them. */
static inline int tidemark_reader_take_texts(tidemark_reader* reader) {
    const tidemark_stats_header* header = reader->header;
    const uint64_t socket = header->control_socket_offset;
    if (!tidemark_reader_fits(reader->size, header->schema_offset, header->schema_size, 1) ||
        socket >= reader->size) {
        return TIDEMARK_READER_TRUNCATED;
    }
    if (socket != 0) {
        reader->control_socket = (const char*)header + socket;
        if (!memchr(reader->control_socket, 0, (size_t)(reader->size - socket))) {
            return TIDEMARK_READER_TRUNCATED;
        }
    }
    return memchr(header->instance, 0, sizeof header->instance) ? TIDEMARK_READER_OK
                                                                : TIDEMARK_READER_MALFORMED;
}

/* Reads a segment that lies in the caller's memory, 8-byte aligned, which must outlive the reader. For tests and saved
 * segments. 0, or a tidemark_reader_error. */
static inline int tidemark_reader_open_memory(tidemark_reader* reader, const void* base,
                                              size_t size) {
    memset(reader, 0, sizeof *reader);
    const tidemark_stats_header* header = (const tidemark_stats_header*)base;
    int error = (uintptr_t)base % 8 != 0 ? TIDEMARK_READER_MALFORMED
                                         : tidemark_reader_check_header(header, size);
    if (error) {
        return error;
    }
    reader->header = header;
    reader->size = header->segment_size;
    error = tidemark_reader_take_texts(reader);
    return error ? error : tidemark_reader_take_directory(reader);
}

static inline void tidemark_reader_close(tidemark_reader* reader) {
    if (reader->mapped_size) {
        munmap((void*)(uintptr_t)reader->header, reader->mapped_size);
    }
    memset(reader, 0, sizeof *reader);
}

/* Keeps the failure, with the name that it concerns, for tidemark_reader_describe. */
static inline int tidemark_reader_fail(tidemark_reader* reader, const char* path, int error,
                                       int system_error) {
    memset(reader, 0, sizeof *reader);
    snprintf(reader->path, sizeof reader->path, "%s", path);
    reader->system_error = system_error;
    return error;
}

static inline int tidemark_reader_map(tidemark_reader* reader, const char* path, int fd,
                                      uid_t trusted) {
    struct stat status;
    if (fstat(fd, &status) != 0) {
        return tidemark_reader_fail(reader, path, TIDEMARK_READER_SYSTEM, errno);
    }
    if (!S_ISREG(status.st_mode) ||
        (status.st_uid != 0 && status.st_uid != geteuid() && status.st_uid != trusted)) {
        return tidemark_reader_fail(reader, path, TIDEMARK_READER_NOT_TRUSTED, 0);
    }
    const size_t size = (size_t)status.st_size;
    if (size < sizeof(tidemark_stats_header)) {
        return tidemark_reader_fail(reader, path, TIDEMARK_READER_TRUNCATED, 0);
    }
    /* NOLINTNEXTLINE(modernize-use-nullptr): C as well */
    void* base = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED) {
        return tidemark_reader_fail(reader, path, TIDEMARK_READER_SYSTEM, errno);
    }
    const int error = tidemark_reader_open_memory(reader, base, size);
    if (error) {
        munmap(base, size);
        return tidemark_reader_fail(reader, path, error, 0);
    }
    reader->mapped_size = size;
    snprintf(reader->path, sizeof reader->path, "%s", path);
    return TIDEMARK_READER_OK;
}

static inline int tidemark_reader_open_named(tidemark_reader* reader, const char* instance,
                                             uid_t trusted) {
    const size_t length = strlen(instance);
    if (length == 0 || length > 63 || strchr(instance, '/')) {
        return tidemark_reader_fail(reader, "", TIDEMARK_READER_BAD_NAME, 0);
    }
    char path[TIDEMARK_READER_PATH_SIZE];
    snprintf(path, sizeof path, "/dev/shm/tidemark.%s.stats", instance);
    /* O_NONBLOCK: a FIFO that squats the name must not hold us up. */
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        const int cause = errno;
        const int error = cause == ENOENT                     ? TIDEMARK_READER_NO_SEGMENT
                          : cause == EACCES || cause == EPERM ? TIDEMARK_READER_PERMISSION
                          : cause == ELOOP                    ? TIDEMARK_READER_NOT_TRUSTED
                                                              : TIDEMARK_READER_SYSTEM;
        return tidemark_reader_fail(reader, path, error,
                                    error == TIDEMARK_READER_SYSTEM ? cause : 0);
    }
    const int error = tidemark_reader_map(reader, path, fd, trusted);
    close(fd);
    return error;
}

/* Maps the segment of `instance`. Null: the one that TIDEMARK_INSTANCE names, else the user's own (root: `system`),
 * else `system`. The owner of the segment must be root, oneself, or `trusted`. 0, or a tidemark_reader_error, and the
 * reader then is closed. */
static inline int tidemark_reader_open_trusting(tidemark_reader* reader, const char* instance,
                                                uid_t trusted) {
    const char* wanted = getenv("TIDEMARK_INSTANCE");
    if (!instance && wanted && *wanted) {
        instance = wanted;
    }
    if (instance) {
        return tidemark_reader_open_named(reader, instance, trusted);
    }
    if (geteuid() == 0) {
        return tidemark_reader_open_named(reader, "system", trusted);
    }
    char own[32];
    snprintf(own, sizeof own, "user-%lu", (unsigned long)geteuid());
    const int error = tidemark_reader_open_named(reader, own, trusted);
    /* What another user put under that name is as if absent: only one's own is the user's own. */
    if (error != TIDEMARK_READER_NO_SEGMENT && error != TIDEMARK_READER_NOT_TRUSTED &&
        error != TIDEMARK_READER_PERMISSION) {
        return error;
    }
    const tidemark_reader first = *reader;
    const int second = tidemark_reader_open_named(reader, "system", trusted);
    if (second == TIDEMARK_READER_NO_SEGMENT) {
        *reader = first; /* the message names the one that this user could start */
    }
    return second;
}

static inline int tidemark_reader_open(tidemark_reader* reader, const char* instance) {
    return tidemark_reader_open_trusting(reader, instance, geteuid());
}

#endif
