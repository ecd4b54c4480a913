/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for libnvidia-ml.so.1: two cards, of which the first answers everything and the second nothing but its
 * name. FAKE_NVML=broken: does not start. FAKE_NVML=sentinels: the first answers figures that can't be.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kSuccess = 0, kInvalid = 2, kNotSupported = 3, kDriverNotLoaded = 9 };

typedef struct {
    unsigned gpu, memory;
} Utilization;
typedef struct {
    unsigned long long total, free, used;
} Memory;
typedef struct {
    char bus_id_legacy[16];
    unsigned domain, bus, device, pci_device_id, pci_subsystem_id;
    char bus_id[32];
} PciInfo;

static int cards[2];

static int is(const char* what) {
    const char* set = getenv("FAKE_NVML");
    return set != NULL && strcmp(set, what) == 0;
}

static int answers(const void* device) { return device == &cards[0]; }

#define EXPORT __attribute__((visibility("default")))

EXPORT int nvmlInit_v2(void);
EXPORT int nvmlInit_v2(void) { return is("broken") ? kDriverNotLoaded : kSuccess; }

EXPORT int nvmlShutdown(void);
EXPORT int nvmlShutdown(void) { return kSuccess; }

EXPORT int nvmlDeviceGetCount_v2(unsigned* count);
EXPORT int nvmlDeviceGetCount_v2(unsigned* count) {
    *count = 2;
    return kSuccess;
}

EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device);
EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
    if (index > 1) {
        return kInvalid;
    }
    *device = &cards[index];
    return kSuccess;
}

EXPORT int nvmlDeviceGetName(void* device, char* text, unsigned size);
EXPORT int nvmlDeviceGetName(void* device, char* text, unsigned size) {
    snprintf(text, size, "%s", answers(device) ? "NVIDIA Fake 80GB" : "NVIDIA Silent");
    return kSuccess;
}

EXPORT int nvmlDeviceGetSerial(void* device, char* text, unsigned size);
EXPORT int nvmlDeviceGetSerial(void* device, char* text, unsigned size) {
    snprintf(text, size, "1650022000017");
    return answers(device) ? kSuccess : kNotSupported;
}

EXPORT int nvmlDeviceGetTemperature(void* device, int sensor, unsigned* celsius);
EXPORT int nvmlDeviceGetTemperature(void* device, int sensor, unsigned* celsius) {
    *celsius = is("sentinels") ? 0xFFFFFFFFu : 41;
    return answers(device) && sensor == 0 ? kSuccess : kNotSupported;
}

EXPORT int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts);
EXPORT int nvmlDeviceGetPowerUsage(void* device, unsigned* milliwatts) {
    *milliwatts = is("sentinels") ? 0xFFFFFFFFu : 118500;
    return answers(device) ? kSuccess : kNotSupported;
}

EXPORT int nvmlDeviceGetUtilizationRates(void* device, Utilization* utilization);
EXPORT int nvmlDeviceGetUtilizationRates(void* device, Utilization* utilization) {
    utilization->gpu = is("sentinels") ? 101 : 37;
    utilization->memory = 5;
    return answers(device) ? kSuccess : kNotSupported;
}

EXPORT int nvmlDeviceGetClockInfo(void* device, int clock, unsigned* mhz);
EXPORT int nvmlDeviceGetClockInfo(void* device, int clock, unsigned* mhz) {
    *mhz = is("sentinels") ? 0xFFFFFFFFu : 1980;
    return answers(device) && clock == 1 ? kSuccess : kNotSupported;
}

EXPORT int nvmlDeviceGetMemoryInfo(void* device, Memory* memory);
EXPORT int nvmlDeviceGetMemoryInfo(void* device, Memory* memory) {
    memory->total = 80ull << 30;
    memory->used = is("sentinels") ? ~0ull : 20ull << 30;
    memory->free = memory->total - memory->used;
    return answers(device) ? kSuccess : kNotSupported;
}

EXPORT int nvmlDeviceGetPciInfo_v3(void* device, PciInfo* info);
EXPORT int nvmlDeviceGetPciInfo_v3(void* device, PciInfo* info) {
    memset(info, 0, sizeof *info);
    info->bus = 0x18;
    return answers(device) ? kSuccess : kNotSupported;
}
