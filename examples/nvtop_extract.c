/* SPDX-License-Identifier: Apache-2.0
 *
 * How a monitor such as nvtop gets Tidemark's figures: the functions that one vendor of its has to offer, on the C
 * reader and nothing else. nvtop's src/extract_gpuinfo_tenstorrent.c shows no memory; these fill it in. Each figure has
 * a flag beside it that says whether it is known, as nvtop's fields have. main() stands in for nvtop and prints.
 *
 *     cc -std=c11 -I include examples/nvtop_extract.c -o nvtop_extract && ./nvtop_extract
 */
#include <tidemark/stats_reader.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define MAX_DEVICES 64
#define MAX_PROCESSES 1024

struct gpu_process {
    int32_t pid;
    uint64_t memory; /* bytes in DRAM: the sum of the pools that lie there */
};

struct gpu_device {
    uint32_t number;
    char name[64]; /* empty: unknown */
    bool total_known, used_known;
    uint64_t total, used; /* bytes of DRAM */
    uint32_t process_count;
    struct gpu_process processes[MAX_PROCESSES];
};

static tidemark_reader reader;
static struct gpu_device devices[MAX_DEVICES];
static char last_error[512];

/* Once. False: no collector; nvtop then goes on without this vendor. */
static bool gpu_init(const char* instance) {
    const int error = tidemark_reader_open(&reader, instance);
    if (error != TIDEMARK_READER_OK) {
        tidemark_reader_describe(&reader, error, last_error, sizeof last_error);
    }
    return error == TIDEMARK_READER_OK;
}

static void gpu_shutdown(void) { tidemark_reader_close(&reader); }

static const char* gpu_last_error_string(void) { return last_error; }

/* A restarted collector makes another segment: look for it before each refresh. */
static void gpu_reopen_if_superseded(const char* instance) {
    tidemark_reader newer;
    if (tidemark_reader_superseded(&reader) &&
        tidemark_reader_open(&newer, instance) == TIDEMARK_READER_OK) {
        tidemark_reader_close(&reader);
        reader = newer;
    }
}

/* How many accelerators there are, with their names. The host is no GPU. */
static uint32_t gpu_get_device_handles(void) {
    uint32_t count = 0;
    const uint32_t rows = tidemark_reader_rows(&reader, TIDEMARK_TABLE_DEVICE);
    for (uint32_t i = 0; i < rows && count < MAX_DEVICES; i++) {
        tidemark_device_row row;
        if (tidemark_reader_row(&reader, TIDEMARK_TABLE_DEVICE, i, &row, sizeof row) ==
                TIDEMARK_READ_OK &&
            row.device != TIDEMARK_DEVICE_HOST) {
            struct gpu_device* device = &devices[count++];
            memset(device, 0, sizeof *device);
            device->number = row.device;
            memcpy(device->name, row.name, sizeof device->name);
            device->name[sizeof device->name - 1] = '\0';
        }
    }
    return count;
}

/* A row that is BUSY keeps what the last refresh found; one that is gone makes it unknown. */
static void gpu_refresh_dynamic_info(struct gpu_device* device) {
    bool total_known = false, used_known = false;
    const uint32_t rows = tidemark_reader_rows(&reader, TIDEMARK_TABLE_MEMORY);
    for (uint32_t i = 0; i < rows; i++) {
        tidemark_memory_row row;
        const int result = tidemark_reader_row(&reader, TIDEMARK_TABLE_MEMORY, i, &row, sizeof row);
        if (result == TIDEMARK_READ_BUSY) {
            return;
        }
        if (result == TIDEMARK_READ_OK && row.device == device->number &&
            row.memory == TIDEMARK_MEMORY_DRAM) {
            used_known = true;
            device->used = row.allocated;
            total_known = row.capacity_known != 0;
            device->total = row.capacity;
        }
    }
    device->used_known = used_known;
    device->total_known = total_known;
}

static struct gpu_process* process_of(struct gpu_device* device, int32_t pid) {
    for (uint32_t i = 0; i < device->process_count; i++) {
        if (device->processes[i].pid == pid) {
            return &device->processes[i];
        }
    }
    if (device->process_count == MAX_PROCESSES) {
        return NULL;
    }
    struct gpu_process* process = &device->processes[device->process_count++];
    process->pid = pid;
    process->memory = 0;
    return process;
}

/* Whether an image still runs: what it left stays in the table for a while after its end. */
static bool is_running(uint64_t image) {
    const uint32_t rows = tidemark_reader_rows(&reader, TIDEMARK_TABLE_PROCESS);
    for (uint32_t i = 0; i < rows; i++) {
        tidemark_process_row row;
        if (tidemark_reader_row(&reader, TIDEMARK_TABLE_PROCESS, i, &row, sizeof row) ==
                TIDEMARK_READ_OK &&
            row.image == image) {
            return row.state == TIDEMARK_PROCESS_RUNNING;
        }
    }
    return false;
}

static void gpu_refresh_running_processes(struct gpu_device* device) {
    device->process_count = 0;
    const uint32_t rows = tidemark_reader_rows(&reader, TIDEMARK_TABLE_PROCESS_USAGE);
    for (uint32_t i = 0; i < rows; i++) {
        tidemark_process_usage_row row;
        if (tidemark_reader_row(&reader, TIDEMARK_TABLE_PROCESS_USAGE, i, &row, sizeof row) !=
                TIDEMARK_READ_OK ||
            row.device != device->number || !is_running(row.image)) {
            continue;
        }
        struct gpu_process* process = process_of(device, row.pid);
        if (process != NULL && row.memory == TIDEMARK_MEMORY_DRAM) {
            process->memory += row.current;
        }
    }
}

int main(int argc, char** argv) {
    const char* instance = argc > 1 ? argv[1] : NULL;
    if (!gpu_init(instance)) {
        fprintf(stderr, "%s\n", gpu_last_error_string());
        return 3;
    }
    gpu_reopen_if_superseded(instance);
    const uint32_t count = gpu_get_device_handles();
    for (uint32_t i = 0; i < count; i++) {
        struct gpu_device* device = &devices[i];
        gpu_refresh_dynamic_info(device);
        gpu_refresh_running_processes(device);
        printf("device %" PRIu32 " %s: used ", device->number,
               device->name[0] != '\0' ? device->name : "N/A");
        device->used_known ? printf("%" PRIu64, device->used) : printf("N/A");
        printf(" of ");
        device->total_known ? printf("%" PRIu64, device->total) : printf("N/A");
        printf(" bytes\n");
        for (uint32_t p = 0; p < device->process_count; p++) {
            printf("  pid %" PRId32 ": %" PRIu64 " bytes\n", device->processes[p].pid,
                   device->processes[p].memory);
        }
    }
    gpu_shutdown();
    return 0;
}
