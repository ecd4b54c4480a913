// SPDX-License-Identifier: Apache-2.0
//
// What a collector is told: flags win over environment over file; what each means is said once, here. Reading the
// sources stands in options.cpp and configuration.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tidemark/words.h"

namespace tidemark::collector {

struct DeviceConfiguration {
    std::uint32_t device = 0;  // accelerator number or TIDEMARK_DEVICE_HOST
    std::string name;
    std::uint32_t arch = 0;  // numbers of the device table
    std::uint32_t dram_channels = 0;
    std::uint64_t dram_per_channel = 0;                  // bytes; 0: unknown
    std::uint64_t l1_per_core = 0;                       // bytes; 0: unknown
    std::uint64_t capacity[TIDEMARK_MEMORY_COUNT] = {};  // bytes; 0: unknown
};

struct Limits {
    std::uint64_t live_table_bytes = std::uint64_t{4} << 30;  // per image, 1 MiB .. 8 GiB
    std::uint64_t exited_grace_ns = 60'000'000'000;           // kUnknown: until the end
    std::uint32_t image_quantum = 4096;  // events of one image in a pass, 64 .. 65536
    // Buffers that clients of the older socket hold at once, 16 .. 2^26; some 150 bytes of the collector's memory each.
    // A process, and a user who is not root, may have a quarter.
    std::uint32_t socket_buffers = 1u << 21;
};

struct Configuration {
    std::string instance;  // [A-Za-z0-9._-], 1 to 63 characters
    std::vector<DeviceConfiguration> devices;
    Limits limits;
    bool private_instance =
        false;  // takes only rings that name it, keeps all until its end, leaves nothing behind
    std::uint32_t stats_mode = 0644;
    std::string stats_group;     // empty: the user's own
    std::string control_socket;  // path; empty: none
    std::string event_log;       // NDJSON file; empty: none
    std::string leak_log;        // NDJSON file; empty: none
    std::string legacy_socket;   // path of the older allocation server's socket; empty: none
    std::string tracy_socket;    // path of the older Tracy memory monitor's socket; empty: none
    std::string tt_shm_directory = "/dev/shm";      // where tt-metal's shared regions are
    bool exports_tt_shm = false;                    // writes such regions too
    std::uint64_t legacy_grace_ns = 5'000'000'000;  // what the dead left stays in its answers
};

// Read a JSON text, or a file of at most 1 MiB, over `configuration` (docs/configuration.md). On false nothing is
// changed and `error` names the key, `source` or the file, and what is allowed. At start, before other threads.
[[nodiscard]] bool parse_configuration(std::string_view text, const std::string& source,
                                       Configuration& configuration, std::string& error);
[[nodiscard]] bool read_configuration(const std::string& path, Configuration& configuration,
                                      std::string& error);

}  // namespace tidemark::collector
