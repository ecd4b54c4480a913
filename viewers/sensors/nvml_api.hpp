// SPDX-License-Identifier: Apache-2.0
//
// The few functions of NVML that we call, declared after NVIDIA's public reference ("NVML API Reference Guide":
// device queries, versions as exported since driver 410). 0 is success; any other answer means "unknown" here.
#pragma once

namespace tidemark::sensors::nvml {

using Device = void*;  // nvmlDevice_t, opaque

struct Utilization {  // nvmlUtilization_t, per cent
    unsigned gpu;
    unsigned memory;
};

struct Memory {  // nvmlMemory_t, bytes
    unsigned long long total;
    unsigned long long free;
    unsigned long long used;
};

struct PciInfo {  // nvmlPciInfo_t
    char bus_id_legacy[16];
    unsigned domain;
    unsigned bus;
    unsigned device;
    unsigned pci_device_id;
    unsigned pci_subsystem_id;
    char bus_id[32];
};

inline constexpr int kSuccess = 0;           // NVML_SUCCESS
inline constexpr int kTemperatureGpu = 0;    // NVML_TEMPERATURE_GPU
inline constexpr int kClockSm = 1;           // NVML_CLOCK_SM
inline constexpr unsigned kNameSize = 96;    // NVML_DEVICE_NAME_V2_BUFFER_SIZE
inline constexpr unsigned kSerialSize = 30;  // NVML_DEVICE_SERIAL_BUFFER_SIZE

using Init = int (*)();
using Shutdown = int (*)();
using GetCount = int (*)(unsigned* count);
using GetHandle = int (*)(unsigned index, Device* device);
using GetText = int (*)(Device device, char* text, unsigned size);
using GetTemperature = int (*)(Device device, int sensor, unsigned* celsius);
using GetPower = int (*)(Device device, unsigned* milliwatts);
using GetUtilization = int (*)(Device device, Utilization* utilization);
using GetClock = int (*)(Device device, int clock, unsigned* mhz);
using GetMemory = int (*)(Device device, Memory* memory);
using GetPci = int (*)(Device device, PciInfo* info);

}  // namespace tidemark::sensors::nvml
