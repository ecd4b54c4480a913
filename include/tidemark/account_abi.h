/* SPDX-License-Identifier: Apache-2.0
 *
 * The live buffers of one image, as its account object holds them: tidemark.<instance>.account.<image id>, mode
 * 0600, owned by the collector's user; one that root keeps for another user has a read entry for that user in its
 * access control list. The collector is the only writer; `tidemark buffers` and `tidemark leaks` map it read-only. Only the header and the live table are ABI; what lies between belongs to the collector.
 *
 * The live table is an extendible hash: a directory of page numbers, indexed by the low bits of a key's (secret)
 * hash, and pages of fixed size. A full page is split into two new ones; entries never move within a page.
 *
 *   header                          tidemark_account_header
 *   ... collector's own ...
 *   directory_offset                u32 page number, 2^directory_depth of them
 *   pages_offset + n * page_size    page n: tidemark_account_page, then entries
 *
 * To walk it: read directory_sequence (acquire), visit directory slot i only if i < 2^depth of its page (other slots
 * name the same page again), read each entry's `life` word before and after its other words (acquire); equal and live
 * means untorn. A slot that does not name the same page as slot i mod 2^depth is half of a change. If there was one, or
 * directory_sequence moved meanwhile, the walk may have missed or repeated buffers: start again, a bounded number of
 * times, then say that the list is not exact.
 */
#ifndef TIDEMARK_ACCOUNT_ABI_H
#define TIDEMARK_ACCOUNT_ABI_H

#include <stddef.h>
#include <stdint.h>

#include "tidemark/words.h"

#define TIDEMARK_ACCOUNT_MAGIC 0x544E554F43434154ull /* "TACCOUNT" */
#define TIDEMARK_ACCOUNT_MAJOR 1u
#define TIDEMARK_ACCOUNT_MINOR 1u
#define TIDEMARK_ACCOUNT_PAGE_SIZE 8192u
#define TIDEMARK_ACCOUNT_PAGE_ENTRIES 255u
#define TIDEMARK_ACCOUNT_MAX_DEPTH 20u
#define TIDEMARK_ACCOUNT_HEADER_SIZE_1_0 928u /* minor 0: without what follows `live` */
#define TIDEMARK_ACCOUNT_MAX_FRAMES 32u

enum tidemark_account_state {
    TIDEMARK_ACCOUNT_LIVE = 1,
    TIDEMARK_ACCOUNT_EXITED = 2 /* drained to the end; the table holds what the image left */
};

typedef struct tidemark_account_pool_name {
    uint32_t memory; /* tidemark_memory */
    char name[24];   /* empty: not named */
    uint32_t reserved;
} tidemark_account_pool_name;

typedef struct tidemark_account_header {
    uint64_t magic;
    uint32_t byte_order; /* TIDEMARK_STATS_BYTE_ORDER */
    uint32_t version_major;
    uint32_t version_minor;
    uint32_t header_size;
    uint32_t features_compatible;
    uint32_t features_incompatible;
    uint64_t object_size;
    uint64_t image;
    uint64_t parent_image;
    int32_t pid;
    uint32_t uid;
    uint64_t start_ticks;
    uint64_t start_unix_ns;
    char name[16];
    char command[256];
    tidemark_account_pool_name pools[16]; /* by pool number of this image */
    uint32_t state;                       /* tidemark_account_state */
    uint32_t directory_depth;
    uint64_t exit_unix_ns;
    uint64_t
        exit_ticks; /* the last stamp seen when it was drained; ages of leaks are counted to it */
    uint64_t
        directory_sequence; /* moves after each change of the directory, before a page that it left is used again */
    uint64_t directory_offset;
    uint64_t pages_offset;
    uint32_t page_count; /* pages ever used */
    uint32_t reserved;
    uint64_t live; /* buffers */
    /* Since minor 1: call sites, if the program recorded them (TIDEMARK_STACKS); else all 0. */
    uint64_t
        stacks_offset; /* stack n, from 1, at stacks_offset + (n - 1) * 8 * (1 + stack_frames) */
    uint32_t stack_entries;  /* n at most */
    uint32_t stack_frames;   /* at most, of one stack */
    uint64_t modules_offset; /* tidemark_account_module[module_entries] */
    uint32_t module_entries;
    uint32_t modules_used;
    uint64_t stacks_dropped; /* allocations whose call site found no room: their stack is 0 */
} tidemark_account_header;

/* A stack: one word with the number of frames (0: not there), then so many return addresses, the innermost first. A
 * stack never changes once its first word is not 0. */

/* An executable mapping of the program, as /proc/PID/maps had it. Where two overlap, the later one replaced the other. */
typedef struct tidemark_account_module {
    uint64_t begin; /* addresses [begin, end) */
    uint64_t end;
    uint64_t file_offset; /* of begin */
    uint64_t inode;
    uint32_t device_major;
    uint32_t device_minor;
    uint32_t build_id_size; /* bytes; 0: unknown */
    uint32_t reserved;
    uint8_t build_id[32];
    char path[432]; /* empty: too long */
} tidemark_account_module;

/* `life`: bits 0-47 size, 48-51 pool, 52 live, 53-63 taken from the stamp, to tell lives of one slot apart.
 * 0: never used; without the live bit: a tombstone. */
typedef struct tidemark_account_entry {
    uint64_t life;
    uint64_t id;
    uint64_t stamp; /* of the allocation, in clock ticks; see clock_* of the collector row */
    uint32_t device;
    uint32_t stack; /* call site, see stacks_offset; 0: none was recorded */
} tidemark_account_entry;

#define TIDEMARK_LIFE_SIZE_MASK 0x0000FFFFFFFFFFFFull
#define TIDEMARK_LIFE_POOL_SHIFT 48
#define TIDEMARK_LIFE_LIVE (1ull << 52)
#define TIDEMARK_LIFE_STAMP_SHIFT 53

typedef struct tidemark_account_page {
    uint32_t depth; /* hash bits that all keys of this page share */
    uint32_t reserved[7];
    tidemark_account_entry entries[TIDEMARK_ACCOUNT_PAGE_ENTRIES];
} tidemark_account_page;

#ifdef __cplusplus
static_assert(sizeof(tidemark_account_header) == 968, "ABI");
static_assert(offsetof(tidemark_account_header, stacks_offset) == 928, "ABI");
static_assert(sizeof(tidemark_account_module) == 512, "ABI");
static_assert(sizeof(tidemark_account_entry) == 32, "ABI");
static_assert(sizeof(tidemark_account_page) == TIDEMARK_ACCOUNT_PAGE_SIZE, "ABI");
#else
_Static_assert(sizeof(tidemark_account_header) == 968, "ABI");
_Static_assert(offsetof(tidemark_account_header, stacks_offset) == 928, "ABI");
_Static_assert(sizeof(tidemark_account_module) == 512, "ABI");
_Static_assert(sizeof(tidemark_account_entry) == 32, "ABI");
_Static_assert(sizeof(tidemark_account_page) == TIDEMARK_ACCOUNT_PAGE_SIZE, "ABI");
#endif

#endif
