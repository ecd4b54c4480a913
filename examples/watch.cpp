// SPDX-License-Identifier: Apache-2.0
//
// Watches one device from C++: a line whenever what is allocated there changes. Needs nothing but the headers.
//
//     bin/example.watch 0                 device 0, until interrupted
//     bin/example.watch 0 my-instance 10  of that collector, ten lines
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <tidemark/stats_reader.hpp>

namespace {

constexpr auto kLook = std::chrono::milliseconds(100);

// In bytes, of all pools that lie in `memory`; nothing: the collector has not seen the device use it.
std::optional<std::uint64_t> allocated(const tidemark::StatsReader& reader, std::uint32_t device,
                                       std::uint32_t memory) {
    for (const auto& row : reader.all<tidemark_memory_row>()) {
        if (row.device == device && row.memory == memory) {
            return row.allocated;
        }
    }
    return std::nullopt;
}

std::string text_of(const std::optional<std::uint64_t>& bytes) {
    return bytes ? std::to_string(*bytes) : "N/A";
}

}  // namespace

int main(int argc, char** argv) {
    const auto device = static_cast<std::uint32_t>(argc > 1 ? std::atoi(argv[1]) : 0);
    const auto instance = argc > 2 ? std::optional<std::string>(argv[2]) : std::nullopt;
    long lines = argc > 3 ? std::atol(argv[3]) : -1;
    std::string error;
    auto reader = tidemark::StatsReader::open(instance, &error);
    if (!reader) {
        std::fprintf(stderr, "%s\n", error.c_str());
        return 3;
    }
    std::string last;
    while (lines != 0) {
        // A restarted collector makes another segment; until it is there, the old one's last figures stand.
        if (reader->superseded()) {
            if (auto newer = tidemark::StatsReader::open(instance, &error)) {
                reader = std::move(newer);
            }
        }
        const std::string now = "device " + std::to_string(device) + ": DRAM " +
                                text_of(allocated(*reader, device, TIDEMARK_MEMORY_DRAM)) +
                                " bytes, L1 " +
                                text_of(allocated(*reader, device, TIDEMARK_MEMORY_L1)) + " bytes";
        if (now != last) {
            std::printf("%s\n", now.c_str());
            std::fflush(stdout);
            last = now;
            lines -= lines > 0 ? 1 : 0;
        }
        if (lines != 0) {
            std::this_thread::sleep_for(kLook);
        }
    }
}
