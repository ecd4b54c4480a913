/* SPDX-License-Identifier: Apache-2.0
 *
 * The C reader on a changed stats segment: refused with a code, or every row, sample and text can be read.
 */
#include "tidemark/stats_reader.h"

#include "tests/fuzz/stats_patches.h"

#define FUZZ_MOST_ROWS 256u /* of a table; a segment of 74 KiB can't hold more */

static unsigned char seen; /* so that no read is left out */

static void read_history(const tidemark_reader* reader, const tidemark_history_row* row) {
    for (int coarse = 0; coarse < 2; coarse++) {
        tidemark_stats_sample sample;
        for (uint64_t at = 0; at < 1600; at++) {
            const uint64_t when = at * TIDEMARK_HISTORY_FINE_PERIOD_NS;
            if (tidemark_reader_history(reader, row, coarse, when, &sample) == TIDEMARK_READ_OK) {
                seen ^= (unsigned char)sample.current;
            }
        }
        (void)tidemark_reader_sample(reader, row->fine_offset, UINT32_MAX, UINT32_MAX - 1, &sample);
    }
}

static void read_tables(const tidemark_reader* reader) {
    unsigned char row[1024]; /* larger than any row of this release */
    for (int table = 0; table < TIDEMARK_TABLE_COUNT + 1; table++) {
        const enum tidemark_stats_table_id id = (enum tidemark_stats_table_id)table;
        const uint32_t rows = tidemark_reader_rows(reader, id);
        for (uint32_t i = 0; i <= rows && i < FUZZ_MOST_ROWS * 8; i++) {
            for (size_t size = 8; size <= sizeof row; size += 127) {
                if (tidemark_reader_row(reader, id, i, row, size) == TIDEMARK_READ_OK) {
                    seen ^= row[size - 1];
                }
            }
        }
    }
    for (uint32_t i = 0; i < tidemark_reader_rows(reader, TIDEMARK_TABLE_HISTORY); i++) {
        tidemark_history_row history;
        const int read =
            tidemark_reader_row(reader, TIDEMARK_TABLE_HISTORY, i, &history, sizeof history);
        if (read == TIDEMARK_READ_OK && i < 4) {
            read_history(reader, &history);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const fuzz_segment segment = fuzz_patched(data, size);
    tidemark_reader reader;
    const int error = tidemark_reader_open_memory(&reader, segment.bytes, segment.size);
    char text[512];
    if (error != TIDEMARK_READER_OK) {
        if (strstr(tidemark_reader_describe(&reader, error, text, sizeof text), "unknown")) {
            abort();
        }
    } else {
        read_tables(&reader);
        size_t schema = 0;
        const char* json = tidemark_reader_schema(&reader, &schema);
        seen ^= (unsigned char)(schema ? json[0] ^ json[schema - 1] : 0);
        const char* socket = tidemark_reader_control_socket(&reader);
        seen ^= (unsigned char)(socket ? strlen(socket) : 0);
        seen ^= (unsigned char)(tidemark_reader_superseded(&reader) +
                                (int)tidemark_reader_heartbeat_count(&reader));
        tidemark_reader_close(&reader);
    }
    free(segment.bytes);
    return 0;
}
