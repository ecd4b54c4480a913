/* SPDX-License-Identifier: Apache-2.0
 *
 * The stats segment: what the collector publishes and any program may map read-only. This file is the one
 * normative description of its bytes; the structs, the schema inside the segment and the tests all come from
 * the field lists below. How to read it without tearing stands in stats_reader.h.
 *
 * Who shares it: one collector writes; any number of readers map it PROT_READ. Readers never write, so nothing
 * that a reader does can disturb the collector or another reader.
 *
 * Guaranteed: offsets and sizes below, for one major version; the segment never shrinks and is never written by
 * another generation (a restarted collector makes a new segment and marks this one superseded); each row, read
 * through its latch, is what the collector wrote in one store sequence.
 * Not guaranteed: that two rows belong to the same moment (compare their pass, and the header's pass_begun and
 * pass_ended), that the order of rows stays, that a table has no free rows in between.
 *
 * Evolution: fields are only added, at the end of a payload, with the minor version raised (readers use the
 * payload_size of the table directory). A reader refuses another major version, and any bit of
 * features_incompatible that it does not know. Byte order is the machine's; byte_order tells.
 *
 *   0        header                    256 bytes, tidemark_stats_header
 *   256      table directory           64 bytes a table, tidemark_stats_table
 *   ...      schema                    JSON, describes every field of every table
 *   ...      rows of each table        row_size bytes each, a multiple of 64
 *   ...      history samples           tidemark_stats_sample, see the history table
 *
 * A row is a sequence latch (a seqlock with two copies):
 *
 *   0    u64 sequence       written first; its low bit names the copy that readers take
 *   8    u64 reserved       0
 *   16   payload copy 0     payload_size bytes
 *   16 + payload_size       payload copy 1
 *
 * Unknown is not zero: a figure that may be unknown has a flag beside it.
 */
#ifndef TIDEMARK_STATS_ABI_H
#define TIDEMARK_STATS_ABI_H

#include <stddef.h>
#include <stdint.h>

#include "tidemark/words.h"

#define TIDEMARK_STATS_MAGIC 0x4B52414D45444954ull /* "TIDEMARK", little-endian */
#define TIDEMARK_STATS_BYTE_ORDER 0x01020304u
#define TIDEMARK_STATS_MAJOR 1u
#define TIDEMARK_STATS_MINOR 0u
#define TIDEMARK_STATS_ROW_PREFIX 16u /* sequence and reserved word before the two copies */

enum tidemark_collector_state {
    TIDEMARK_COLLECTOR_RUNNING = 1,
    TIDEMARK_COLLECTOR_STOPPED = 2,   /* ended in order; the figures are its last */
    TIDEMARK_COLLECTOR_SUPERSEDED = 3 /* a newer generation made another segment: open it anew */
};

/* Words after `created_unix_ns` change while the collector lives; each is one atomic word. */
typedef struct tidemark_stats_header {
    uint64_t magic;
    uint32_t byte_order;
    uint32_t version_major;
    uint32_t version_minor;
    uint32_t header_size;
    uint32_t features_compatible;
    uint32_t features_incompatible;
    uint64_t segment_size;
    uint64_t generation; /* random, never 0; another collector run has another */
    uint64_t directory_offset;
    uint32_t table_count;
    uint32_t reserved0;
    uint64_t schema_offset;
    uint64_t schema_size;           /* bytes of JSON, without a terminating zero */
    uint64_t control_socket_offset; /* a zero-terminated path; 0 if there is none */
    int32_t collector_pid;
    uint32_t collector_uid;
    uint64_t created_unix_ns;
    char instance[64]; /* zero-terminated */
    uint32_t state;    /* tidemark_collector_state */
    uint32_t reserved1;
    uint64_t heartbeat_count;        /* moves at least every 500 ms while the collector lives */
    uint64_t heartbeat_unix_ns;      /* CLOCK_REALTIME at the last heartbeat */
    uint64_t heartbeat_monotonic_ns; /* CLOCK_MONOTONIC at the last heartbeat */
    uint64_t pass_begun;             /* number of the last publication begun */
    uint64_t pass_ended;             /* number of the last publication ended: equal when at rest */
    uint8_t reserved2[40];
} tidemark_stats_header;

typedef struct tidemark_stats_table {
    uint32_t table; /* tidemark_stats_table_id */
    uint32_t row_size;
    uint32_t payload_size;
    uint32_t row_capacity;
    uint64_t rows_offset;
    uint32_t rows_used; /* rows at and above it were never used; atomic, grows and may fall */
    uint32_t reserved;
    char name[32];
} tidemark_stats_table;

/* One point of a history; time words frame it: read `time`, values, `time_guard`; equal means untorn.
 * Index in its ring: (time / period) mod count. A point whose time lies more than a ring ago is stale. */
typedef struct tidemark_stats_sample {
    uint64_t time; /* CLOCK_REALTIME ns of the last change in this period; 0: never written */
    uint64_t current;
    uint64_t highest; /* within the period */
    uint64_t time_guard;
} tidemark_stats_sample;
#define TIDEMARK_SAMPLE_UNKNOWN UINT64_MAX /* as `current`: nobody looked until the next point */
#define TIDEMARK_HISTORY_FINE_PERIOD_NS 100000000ull
#define TIDEMARK_HISTORY_FINE_COUNT 600u
#define TIDEMARK_HISTORY_COARSE_PERIOD_NS 1000000000ull
#define TIDEMARK_HISTORY_COARSE_COUNT 900u
#define TIDEMARK_HISTOGRAM_BUCKETS 32u

enum tidemark_device_kind { TIDEMARK_DEVICE_KIND_ACCELERATOR = 0, TIDEMARK_DEVICE_KIND_HOST = 1 };
enum tidemark_process_state { TIDEMARK_PROCESS_RUNNING = 1, TIDEMARK_PROCESS_EXITED = 2 };
enum tidemark_region_kind {
    TIDEMARK_REGION_CHIP = 0,   /* what all processes hold on a chip */
    TIDEMARK_REGION_PROCESS = 1 /* what one process holds on the region's device */
};
/* How an image ended, as far as it could be seen. */
enum tidemark_ending {
    TIDEMARK_ENDING_UNKNOWN = 0,  /* or not ended yet */
    TIDEMARK_ENDING_EXITED = 1,   /* by itself; ending_code is its exit status */
    TIDEMARK_ENDING_EXECUTED = 2, /* its process executed another program */
    TIDEMARK_ENDING_KILLED = 3,   /* by a signal from outside; ending_code is its number */
    TIDEMARK_ENDING_CRASHED = 4   /* by a signal for what it did; ending_code is its number */
};
enum tidemark_quarantine {
    TIDEMARK_QUARANTINE_NONE = 0,
    TIDEMARK_QUARANTINE_TRUNCATED = 1, /* the ring segment shrank under the collector */
    TIDEMARK_QUARANTINE_HEADER = 2,    /* the header changed after it was validated */
    TIDEMARK_QUARANTINE_INDEX = 3,     /* a lane's head moved back or further than the lane holds */
    TIDEMARK_QUARANTINE_LINK = 4,      /* a link record names no larger block of the segment */
    TIDEMARK_QUARANTINE_RECORD = 5,    /* a record that no producer writes */
    TIDEMARK_QUARANTINE_NO_MEMORY = 6  /* the account's live table reached its limit */
};

/*
 * Field lists. F(type, name, unit, meaning) is a scalar, A(type, name, count, unit, meaning) an array.
 * Types: u64, u32, i32, text (char, zero-terminated unless full). Each payload's size is a multiple of 8.
 */
#define TIDEMARK_FIELDS_DEVICE(F, A)                                                 \
    F(u64, pass, "", "publication that wrote this row")                              \
    F(u32, in_use, "", "0: a free row")                                              \
    F(u32, device, "", "accelerator number, or 65535 for the host")                  \
    F(u32, kind, "", "tidemark_device_kind")                                         \
    F(u32, arch, "", "0 unknown, 1 Grayskull, 2 Wormhole_B0, 3 Blackhole, 4 Quasar") \
    F(u32, dram_channels, "", "0: unknown")                                          \
    F(u32, reserved, "", "0")                                                        \
    F(u64, dram_per_channel, "bytes", "0: unknown")                                  \
    F(u64, l1_per_core, "bytes", "0: unknown")                                       \
    F(u64, conflicts, "", "declarations by programs that contradict what is shown")  \
    A(text, name, 64, "", "as configured or declared; empty: unknown")

#define TIDEMARK_FIELDS_MEMORY(F, A)                                \
    F(u64, pass, "", "publication that wrote this row")             \
    F(u32, in_use, "", "0: a free row")                             \
    F(u32, device, "", "accelerator number, or 65535 for the host") \
    F(u32, memory, "", "tidemark_memory")                           \
    F(u32, capacity_known, "", "1 if capacity is known")            \
    F(u64, capacity, "bytes", "meaningless unless capacity_known")  \
    F(u64, allocated, "bytes", "sum of the memory's pools")

/* What a usage has everywhere: shared by the device's and the process's table. */
#define TIDEMARK_FIELDS_USAGE_COMMON(F, A)                                              \
    F(u64, current, "bytes", "allocated now; of an exited program: what it left")       \
    F(u64, peak, "bytes", "highest current")                                            \
    F(u64, total_allocated, "bytes", "sum of all allocations")                          \
    F(u64, total_freed, "bytes", "sum of all frees by the program")                     \
    F(u64, freed_by_exit, "bytes", "what ended programs had left")                      \
    F(u64, superseded, "bytes", "lives ended by another allocation under the same key") \
    F(u64, live, "buffers", "allocated now")                                            \
    F(u64, allocations, "events", "applied")                                            \
    F(u64, frees, "events", "applied that found their buffer")                          \
    F(u32, exact, "", "1: sums and counts are exact; 0: bounded by the lost figures")   \
    F(u32, peak_exact, "", "1: peak is exact; 0: it may be too high")

#define TIDEMARK_FIELDS_USAGE(F, A)                                                 \
    F(u64, pass, "", "publication that wrote this row")                             \
    F(u32, in_use, "", "0: a free row")                                             \
    F(u32, device, "", "accelerator number, or 65535 for the host")                 \
    F(u32, pool, "", "tidemark_pool, or 16 and above for a pool known by its name") \
    F(u32, memory, "", "tidemark_memory that the pool lies in")                     \
    TIDEMARK_FIELDS_USAGE_COMMON(F, A)                                              \
    F(u64, lost_allocations, "events", "lost by images that use this pool")         \
    F(u64, lost_frees, "events", "lost by images that use this pool")               \
    F(u64, lost_bytes, "bytes", "of lost events, by images that use this pool")     \
    A(text, pool_name, 24, "", "DRAM, L1, SYSTEM_MEMORY ... or the image's own name")

#define TIDEMARK_FIELDS_PROCESS(F, A)                                                          \
    F(u64, pass, "", "publication that wrote this row")                                        \
    F(u32, in_use, "", "0: a free row")                                                        \
    F(u32, state, "", "tidemark_process_state")                                                \
    F(u64, image, "", "random id of the program image, never 0")                               \
    F(u64, parent_image, "", "image that forked or executed this one; 0: none or not tracked") \
    F(i32, pid, "", "in the collector's pid namespace; 0: not visible there")                  \
    F(u32, uid, "", "owner of the ring segment")                                               \
    F(u64, start_ticks, "clock ticks", "field 22 of /proc/PID/stat")                           \
    F(u64, start_unix_ns, "ns", "CLOCK_REALTIME when the process started")                     \
    F(u64, exit_unix_ns, "ns", "CLOCK_REALTIME when its end was seen; 0: running")             \
    F(u64, events, "events", "consumed from its lanes")                                        \
    F(u64, unknown_frees, "events", "found no buffer")                                         \
    F(u64, inherited_frees, "events", "of buffers that the parent image allocated")            \
    F(u64, duplicates, "events", "allocations under a key that was live")                      \
    F(u64, ambiguous_frees, "events", "matched buffers in several pools")                      \
    F(u64, gap_consequences, "events", "unknown frees and duplicates after a gap")             \
    F(u64, clock_steps, "events", "stamps more than 1 s ahead, applied in lane order")         \
    F(u32, exact, "", "1: no loss, nothing superseded, not quarantined")                       \
    F(u32, quarantine, "", "tidemark_quarantine")                                              \
    F(u32, lanes, "", "lanes in use")                                                          \
    F(u32, sandboxed, "", "1: the program entered a sandbox")                                  \
    A(u64, lost_allocations, 8, "events", "by tidemark_loss_cause")                            \
    A(u64, lost_frees, 8, "events", "by tidemark_loss_cause")                                  \
    A(u64, lost_bytes, 8, "bytes", "by tidemark_loss_cause")                                   \
    A(text, name, 16, "", "the kernel's comm")                                                 \
    A(text, command, 256, "", "command line, words separated by spaces, cut at 255 bytes")     \
    F(u32, origin, "", "tidemark_origin: who told of its buffers")                             \
    F(u32, ending, "", "tidemark_ending; may be published a moment after the end itself")      \
    F(i32, ending_code, "", "exit status or signal, as ending says")                           \
    F(u32, reserved, "", "0")

#define TIDEMARK_FIELDS_PROCESS_USAGE(F, A)                                           \
    F(u64, pass, "", "publication that wrote this row")                               \
    F(u32, in_use, "", "0: a free row")                                               \
    F(i32, pid, "", "as in the process table")                                        \
    F(u64, image, "", "as in the process table")                                      \
    F(u32, device, "", "accelerator number, or 65535 for the host")                   \
    F(u32, pool, "", "tidemark_pool, or 16 and above for a pool known by its name")   \
    F(u32, memory, "", "tidemark_memory that the pool lies in")                       \
    F(u32, reserved, "", "0")                                                         \
    TIDEMARK_FIELDS_USAGE_COMMON(F, A)                                                \
    A(text, pool_name, 24, "", "DRAM, L1, SYSTEM_MEMORY ... or the image's own name") \
    A(u64, size_histogram, 32, "events",                                              \
      "allocations with 2^i <= size < 2^(i+1); [0]: 0 and 1; [31]: all above")

#define TIDEMARK_FIELDS_COLLECTOR(F, A)                                                   \
    F(u64, pass, "", "publication that wrote this row")                                   \
    F(u32, in_use, "", "1")                                                               \
    F(u32, rows_refused, "rows", "of devices, pools: not made, their user has its share") \
    F(u64, events, "events", "applied since the ledger was made")                         \
    F(u64, passes, "", "passes that applied something")                                   \
    F(u64, processes_running, "images", "attached now")                                   \
    F(u64, processes_seen, "images", "since the ledger was made")                         \
    F(u64, rings_attached, "rings", "mapped now")                                         \
    F(u64, rings_quarantined, "rings", "since the collector started")                     \
    F(u64, rings_refused, "rings", "not attached: wrong owner, version or header")        \
    F(u64, recoveries, "", "starts that found an unfinished pass")                        \
    F(u64, restarts, "", "starts on an existing ledger")                                  \
    F(u64, rows_dropped, "rows", "not published since a table was full")                  \
    F(u64, sink_dropped, "records", "that a slow sink lost")                              \
    F(u64, untracked_images, "images", "that ran untracked since no ring could be had")   \
    F(u64, audits, "", "live tables compared with their counters")                        \
    F(u64, audit_differences, "", "comparisons that found a difference")                  \
    F(u64, publish_latency_last_ns, "ns", "from a pass's cut to its publication")         \
    F(u64, publish_latency_highest_ns, "ns", "since the collector started")               \
    F(u64, clock_base_ticks, "ticks", "stamp that stands for clock_base_unix_ns")         \
    F(u64, clock_base_unix_ns, "ns", "CLOCK_REALTIME at clock_base_ticks")                \
    F(u64, clock_ns_per_tick_q32, "ns / 2^32",                                            \
      "unix_ns = base + ((stamp - base_ticks) * this >> 32)")                             \
    F(u64, exited_grace_ns, "ns", "how long exited programs stay; 2^64-1: until the end") \
    A(u64, lost_allocations, 8, "events", "by tidemark_loss_cause, all images ever")      \
    A(u64, lost_frees, 8, "events", "by tidemark_loss_cause, all images ever")            \
    A(u64, lost_bytes, 8, "bytes", "by tidemark_loss_cause, all images ever")

#define TIDEMARK_FIELDS_HISTORY(F, A)                                                  \
    F(u64, pass, "", "publication that wrote this row")                                \
    F(u32, in_use, "", "0: a free row")                                                \
    F(u32, device, "", "accelerator number, or 65535 for the host")                    \
    F(u32, pool, "", "as in the usage table")                                          \
    F(u32, reserved, "", "0")                                                          \
    F(u64, fine_offset, "bytes", "of 600 samples of 100 ms, from the segment's start") \
    F(u64, coarse_offset, "bytes", "of 900 samples of 1 s, from the segment's start")  \
    A(text, pool_name, 24, "", "as in the usage table")

/* What tt-metal's own shared regions say, as it stands there: not from events, so without peaks and counts, and in no
 * sum of the other tables. */
#define TIDEMARK_FIELDS_REGION(F, A)                                                    \
    F(u64, pass, "", "publication that wrote this row")                                 \
    F(u32, in_use, "", "0: a free row")                                                 \
    F(u32, kind, "", "tidemark_region_kind")                                            \
    F(u64, region, "", "the chip's unique id, from the region's name")                  \
    F(u32, device, "", "accelerator number, as tt-metal numbers chips")                 \
    F(u32, remote, "", "1: the chip is reached through another one")                    \
    F(i32, pid, "", "of a process, as the region says; 0 in a chip's row")              \
    F(u32, instrumented, "", "1: the process tells of this device itself, see process") \
    F(u64, dram, "bytes", "allocated now")                                              \
    F(u64, l1, "bytes", "allocated now")                                                \
    F(u64, l1_small, "bytes", "allocated now")                                          \
    F(u64, trace, "bytes", "allocated now")                                             \
    F(u64, cb, "bytes", "allocated now")                                                \
    A(text, name, 64, "", "of a process, as the region says")

/* X(IDENTIFIER, name, row capacity). Order is the directory's order. */
#define TIDEMARK_TABLES(X)                 \
    X(COLLECTOR, collector, 1)             \
    X(DEVICE, device, 256)                 \
    X(MEMORY, memory, 1024)                \
    X(USAGE, usage, 2048)                  \
    X(PROCESS, process, 16384)             \
    X(PROCESS_USAGE, process_usage, 65536) \
    X(HISTORY, history, 256)               \
    X(REGION, region, 2048)

enum tidemark_stats_table_id {
#define TIDEMARK_X(ID, name, capacity) TIDEMARK_TABLE_##ID,
    TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X
        TIDEMARK_TABLE_COUNT
};

#define TIDEMARK_TYPE_u64 uint64_t
#define TIDEMARK_TYPE_u32 uint32_t
#define TIDEMARK_TYPE_i32 int32_t
#define TIDEMARK_TYPE_text char
#define TIDEMARK_STRUCT_F(type, name, unit, doc) TIDEMARK_TYPE_##type name;
#define TIDEMARK_STRUCT_A(type, name, count, unit, doc) TIDEMARK_TYPE_##type name[count];
#define TIDEMARK_X(ID, name, capacity)                             \
    typedef struct tidemark_##name##_row {                         \
        TIDEMARK_FIELDS_##ID(TIDEMARK_STRUCT_F, TIDEMARK_STRUCT_A) \
    } tidemark_##name##_row;
TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X

#ifdef __cplusplus
#define TIDEMARK_ASSERT(condition, text) static_assert(condition, text)
#else
#define TIDEMARK_ASSERT(condition, text) _Static_assert(condition, text)
#endif
TIDEMARK_ASSERT(sizeof(tidemark_stats_header) == 256, "ABI");
TIDEMARK_ASSERT(offsetof(tidemark_stats_header, instance) == 104, "ABI");
TIDEMARK_ASSERT(offsetof(tidemark_stats_header, heartbeat_count) == 176, "ABI");
TIDEMARK_ASSERT(sizeof(tidemark_stats_table) == 64, "ABI");
TIDEMARK_ASSERT(sizeof(tidemark_stats_sample) == 32, "ABI");
TIDEMARK_ASSERT(sizeof(tidemark_device_row) == 120, "ABI");
TIDEMARK_ASSERT(sizeof(tidemark_memory_row) == 40, "ABI");
TIDEMARK_ASSERT(sizeof(tidemark_usage_row) == 152, "ABI");
TIDEMARK_ASSERT(sizeof(tidemark_process_row) == 616, "ABI");
TIDEMARK_ASSERT(sizeof(tidemark_process_usage_row) == 400, "ABI");
TIDEMARK_ASSERT(sizeof(tidemark_collector_row) == 368, "ABI");
TIDEMARK_ASSERT(sizeof(tidemark_history_row) == 64, "ABI");
TIDEMARK_ASSERT(sizeof(tidemark_region_row) == 144, "ABI");

#endif
