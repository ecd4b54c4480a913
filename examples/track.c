/* SPDX-License-Identifier: Apache-2.0
 *
 * Tells Tidemark of a device's buffers from C. The device is make-believe; every call to Tidemark is real:
 *
 *     tidemark run -- bin/example.track_c         with SECONDS behind it: stays so long, to be looked at
 */
#include <tidemark/producer.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEVICE = 0, BUFFERS = 4 };

/* Stands for the allocator of a device. */
static uint64_t device_allocate(uint64_t bytes) {
    static uint64_t next = 0x10000;
    const uint64_t address = next;
    next += bytes;
    return address;
}

int main(int argc, char** argv) {
    /* Names and capacities, once. They are kept, with or without a collector. */
    tidemark_declare_device(DEVICE, "example card");
    tidemark_declare_memory(DEVICE, TIDEMARK_MEMORY_DRAM, 12ull << 30);
    const int32_t weights = tidemark_name_pool("weights", TIDEMARK_MEMORY_DRAM);
    const uint32_t pool = weights < 0 ? TIDEMARK_POOL_DRAM : (uint32_t)weights;

    uint64_t address[BUFFERS];
    for (int i = 0; i < BUFFERS; i++) {
        const uint64_t bytes = (uint64_t)(i + 1) << 20;
        address[i] = device_allocate(bytes);
        tidemark_allocation(DEVICE, pool, address[i], bytes); /* after it exists */
    }
    for (int i = 0; i < BUFFERS - 1; i++) {
        tidemark_free(DEVICE, pool, address[i]); /* before it goes */
    }

    /* From here on any reader sees what was recorded above. Not needed at the end of a program. */
    static const char* const answers[] = {"published", "no collector", "timed out"};
    const int32_t answer = tidemark_flush(1000);
    printf("tracking is %s: %s\n", tidemark_enabled() ? "on" : "off", answers[answer]);
    fflush(stdout);
    if (argc > 1) {
        sleep((unsigned)strtoul(argv[1], NULL, 10));
    }
    return 0;
}
