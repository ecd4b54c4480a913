/* SPDX-License-Identifier: Apache-2.0
 *
 * Prints every figure of a stats segment through the C reader, a line each, for golden_test.py. A C11 program that
 * includes nothing else of this repository. print_stats.cpp and print_stats.py print the same text.
 *
 *     print_stats_c INSTANCE
 */
#include <tidemark/stats_reader.h>

#include <inttypes.h>
#include <stdio.h>

static void print_u64(const uint64_t* value, size_t count) {
    for (size_t i = 0; i < count; i++) {
        printf(" %" PRIu64, value[i]);
    }
}

static void print_u32(const uint32_t* value, size_t count) {
    for (size_t i = 0; i < count; i++) {
        printf(" %" PRIu32, value[i]);
    }
}

static void print_i32(const int32_t* value, size_t count) {
    for (size_t i = 0; i < count; i++) {
        printf(" %" PRId32, value[i]);
    }
}

static void print_text(const char* value, size_t count) { printf(" %.*s", (int)count, value); }

static void print_samples(const tidemark_reader* reader, const tidemark_history_row* row,
                          int coarse) {
    const uint64_t period =
        coarse ? TIDEMARK_HISTORY_COARSE_PERIOD_NS : TIDEMARK_HISTORY_FINE_PERIOD_NS;
    const uint64_t now = tidemark_reader_heartbeat_unix_ns(reader);
    for (uint64_t ago = coarse ? TIDEMARK_HISTORY_COARSE_COUNT : TIDEMARK_HISTORY_FINE_COUNT;
         ago-- > 0;) {
        tidemark_stats_sample sample;
        if (tidemark_reader_history(reader, row, coarse, now - ago * period, &sample) ==
            TIDEMARK_READ_OK) {
            printf("%s %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", coarse ? "coarse" : "fine",
                   sample.time, sample.current, sample.highest);
        }
    }
}

#define PRINT(type, name, count, value)    \
    printf("%s[%u] %s", table, at, #name); \
    print_##type(value, count);            \
    printf("\n");
#define PRINT_F(type, name, unit, doc) PRINT(type, name, 1, &row.name)
#define PRINT_A(type, name, count, unit, doc) PRINT(type, name, count, row.name)

/* One function a table: print_table_usage and so on. */
#define TIDEMARK_X(ID, table_name, capacity)                                               \
    static void print_table_##table_name(const tidemark_reader* reader) {                  \
        const char* table = #table_name;                                                   \
        unsigned at = 0;                                                                   \
        tidemark_##table_name##_row row;                                                   \
        for (uint32_t i = 0; i < tidemark_reader_rows(reader, TIDEMARK_TABLE_##ID); i++) { \
            if (tidemark_reader_row(reader, TIDEMARK_TABLE_##ID, i, &row, sizeof row) ==   \
                TIDEMARK_READ_OK) {                                                        \
                TIDEMARK_FIELDS_##ID(PRINT_F, PRINT_A) at++;                               \
            }                                                                              \
        }                                                                                  \
    }
TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X

static void print_history_samples(const tidemark_reader* reader) {
    tidemark_history_row row;
    if (tidemark_reader_row(reader, TIDEMARK_TABLE_HISTORY, 0, &row, sizeof row) ==
        TIDEMARK_READ_OK) {
        print_samples(reader, &row, 0);
        print_samples(reader, &row, 1);
    }
}

int main(int argc, char** argv) {
    tidemark_reader reader;
    const int error = tidemark_reader_open(&reader, argc > 1 ? argv[1] : NULL);
    if (error != TIDEMARK_READER_OK) {
        char text[512];
        fprintf(stderr, "%s\n", tidemark_reader_describe(&reader, error, text, sizeof text));
        return 3;
    }
    const char* socket = tidemark_reader_control_socket(&reader);
    printf("segment %s version %u.%u state %u\n", reader.header->instance,
           reader.header->version_major, reader.header->version_minor,
           tidemark_reader_state(&reader));
    printf("heartbeat %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
           tidemark_reader_heartbeat_count(&reader), tidemark_reader_heartbeat_unix_ns(&reader),
           tidemark_reader_heartbeat_monotonic_ns(&reader));
    printf("passes %" PRIu64 " %" PRIu64 "\n", tidemark_reader_pass_begun(&reader),
           tidemark_reader_pass_ended(&reader));
    printf("control socket %s\n", socket ? socket : "none");
#define TIDEMARK_X(ID, name, capacity) print_table_##name(&reader);
    TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X
    print_history_samples(&reader);
    tidemark_reader_close(&reader);
    return 0;
}
