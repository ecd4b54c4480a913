// SPDX-License-Identifier: Apache-2.0
//
// tt-metal's own shared statistics, tt_device_<chip unique id>_memory: one object a device, written by every tt-metal
// process without lock or latch. Versions 2 to 4 share this layout; version 1 has another.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tidemark::collector::regions {

inline constexpr char kPrefix[] = "tt_device_";
inline constexpr char kSuffix[] = "_memory";
inline constexpr std::uint32_t kOldestVersion = 2;
inline constexpr std::uint32_t kNewestVersion = 4;
inline constexpr std::uint32_t kReady = 0x52454459;        // init_state of version 4
inline constexpr std::uint32_t kUnusedChip = 0xFFFFFFFFu;  // chip_id of a free place

struct Chip {
    std::uint32_t chip_id, is_remote;
    std::uint64_t dram, l1, l1_small, trace, cb;
};

struct Process {
    std::int32_t pid;  // 0: a free place; -1: being released
    std::uint32_t padding;
    std::uint64_t dram, l1, l1_small, trace, cb, last_update;
    char name[64];
};

struct Region {
    std::uint32_t version, active_processes;
    std::uint64_t last_update_ns;
    std::uint32_t reference_count, padding0;
    std::uint64_t board_serial, asic_id;
    std::uint32_t device_id, padding1;
    std::uint64_t dram, l1, l1_small, trace, cb;
    Chip chips[16];
    Process processes[64];
    std::uint32_t init_state;
    std::uint8_t padding2[36];
};
static_assert(sizeof(Chip) == 48 && sizeof(Process) == 120 && sizeof(Region) == 8576);
static_assert(offsetof(Region, board_serial) == 24 && offsetof(Region, device_id) == 40);
static_assert(offsetof(Region, dram) == 48 && offsetof(Region, chips) == 88);
static_assert(offsetof(Region, processes) == 856 && offsetof(Region, init_state) == 8536);
static_assert(offsetof(Process, name) == 56);

// board_serial of a region that Tidemark wrote: no source of its own.
inline constexpr std::uint64_t kOwnSerial = 0x4B52414D45444954ull;  // "TIDEMARK"

}  // namespace tidemark::collector::regions
