/* SPDX-License-Identifier: Apache-2.0
 *
 * The input of the stats readers' targets: changes to the golden segment, each u32 offset, u8 count of bytes (modulo 9,
 * 0: the segment ends there), u64 of which so many are stored. python_reader_test.py reads the same corpus.
 */
#ifndef TIDEMARK_TESTS_FUZZ_STATS_PATCHES_H
#define TIDEMARK_TESTS_FUZZ_STATS_PATCHES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fuzz_segment {
    unsigned char*
        bytes; /* exactly as large as it says, so that a sanitizer sees a step beyond it */
    size_t size;
} fuzz_segment;

static inline fuzz_segment fuzz_golden(void) {
    static unsigned char golden[1 << 18];
    static size_t size = 0;
    if (size == 0) {
        FILE* file = fopen(TIDEMARK_GOLDEN_STATS, "rb");
        size = file ? fread(golden, 1, sizeof golden, file) : 0;
        if (size == 0) {
            fprintf(stderr, "fuzz: cannot read %s\n", TIDEMARK_GOLDEN_STATS);
            abort();
        }
        fclose(file);
    }
    const fuzz_segment segment = {golden, size};
    return segment;
}

/* To be freed by the caller. */
static inline fuzz_segment fuzz_patched(const uint8_t* data, size_t left) {
    enum { kPatch = 13 };
    const fuzz_segment golden = fuzz_golden();
    fuzz_segment patched = {(unsigned char*)malloc(golden.size), golden.size};
    memcpy(patched.bytes, golden.bytes, golden.size);
    for (; left >= kPatch; data += kPatch, left -= kPatch) {
        uint32_t offset = 0;
        memcpy(&offset, data, sizeof offset);
        const size_t count = data[4] % 9;
        offset %= (uint32_t)golden.size + 1;
        if (count == 0) {
            patched.size = offset;
        } else if (offset + count <= golden.size) {
            memcpy(patched.bytes + offset, data + 5, count);
        }
    }
    /* NOLINTNEXTLINE: shrinks; what is beyond is not the segment's any more */
    patched.bytes = (unsigned char*)realloc(patched.bytes, patched.size ? patched.size : 1);
    return patched;
}

#endif
