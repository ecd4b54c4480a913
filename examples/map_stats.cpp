// SPDX-License-Identifier: Apache-2.0
//
// Maps the collector's figures from C++ and prints each device × pool. Needs nothing but the headers:
//
//     c++ -std=c++20 -I include examples/map_stats.cpp -o map_stats && ./map_stats
#include <cstdio>
#include <string>
#include <tidemark/stats_reader.hpp>

int main(int argc, char** argv) {
    // No name: the instance that TIDEMARK_INSTANCE names, else the user's own, else the system's.
    std::optional<std::string> instance;
    if (argc > 1) {
        instance = argv[1];
    }
    std::string error;
    const auto reader = tidemark::StatsReader::open(instance, &error);
    if (!reader) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 3;
    }
    // From here on every figure is a few loads from memory: no system call, no lock, no request to anyone.
    bool consistent = false;
    std::printf("%-6s  %-14s  %16s  %16s  %10s\n", "device", "pool", "allocated", "peak", "live");
    for (const tidemark_usage_row& row : reader->all<tidemark_usage_row>(&consistent)) {
        const std::string device =
            row.device == TIDEMARK_DEVICE_HOST ? "host" : std::to_string(row.device);
        const std::string pool(tidemark::text_of(row.pool_name));
        std::printf("%-6s  %-14s  %16ju  %16ju  %10ju%s\n", device.c_str(), pool.c_str(),
                    std::uintmax_t{row.current}, std::uintmax_t{row.peak}, std::uintmax_t{row.live},
                    row.exact ? "" : "  (events were lost)");
    }
    if (!consistent) {
        std::fprintf(
            stderr, "figures changed while they were read: the rows may be of different moments\n");
    }
}
