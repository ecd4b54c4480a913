/* SPDX-License-Identifier: Apache-2.0
 *
 * Maps the collector's figures from C and prints each device × pool. Needs nothing but the headers:
 *
 *     cc -std=c11 -I include examples/map_stats.c -o map_stats && ./map_stats
 */
#include <tidemark/stats_reader.h>

#include <inttypes.h>
#include <stdio.h>

int main(int argc, char** argv) {
    /* NULL: the instance that TIDEMARK_INSTANCE names, else the user's own, else the system's. */
    tidemark_reader reader;
    const int error = tidemark_reader_open(&reader, argc > 1 ? argv[1] : NULL);
    if (error != TIDEMARK_READER_OK) {
        char text[512];
        fprintf(stderr, "%s\n", tidemark_reader_describe(&reader, error, text, sizeof text));
        return 3;
    }
    /* From here on every figure is a few loads from memory: no system call, no lock, no request to anyone. */
    printf("%-6s  %-14s  %16s  %16s  %10s\n", "device", "pool", "allocated", "peak", "live");
    for (uint32_t i = 0; i < tidemark_reader_rows(&reader, TIDEMARK_TABLE_USAGE); i++) {
        tidemark_usage_row row;
        if (tidemark_reader_row(&reader, TIDEMARK_TABLE_USAGE, i, &row, sizeof row) !=
            TIDEMARK_READ_OK) {
            continue; /* a free row */
        }
        char device[16] = "host";
        if (row.device != TIDEMARK_DEVICE_HOST) {
            snprintf(device, sizeof device, "%" PRIu32, row.device);
        }
        printf("%-6s  %-14.24s  %16" PRIu64 "  %16" PRIu64 "  %10" PRIu64 "%s\n", device,
               row.pool_name, row.current, row.peak, row.live,
               row.exact ? "" : "  (events were lost)");
    }
    tidemark_reader_close(&reader);
    return 0;
}
