// SPDX-License-Identifier: Apache-2.0
//
// A program that reports by the older allocation client: client_subject DEVICE SIZE TYPE. Says what the client tells it of
// all programs, once it has reported; waits for the end of its input; frees, says it again.
#include <allocation_client.hpp>
#include <cstdio>
#include <cstdlib>

#include "tidemark/producer.h"

using tt::tt_metal::AllocationClient;

namespace {

void say(int device) {
    const auto totals = tt::tt_metal::query_device(device);
    std::printf(
        "%d %llu %llu %llu\n", totals.is_available, static_cast<unsigned long long>(totals.dram),
        static_cast<unsigned long long>(totals.l1), static_cast<unsigned long long>(totals.cb));
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    const int device = std::atoi(argv[1]);
    const auto size = static_cast<std::uint64_t>(std::atoll(argv[2]));
    const auto type = static_cast<std::uint8_t>(std::atoi(argv[3]));
    AllocationClient::report_allocation(device, size, type, 0x1000);
    AllocationClient::report_cb_allocation(device, 10, 0);
    tidemark_flush(
        60'000);  // a collector takes a program on when it can; after that it answers at once
    say(device);
    while (std::getchar() != EOF) {
    }
    AllocationClient::report_deallocation(device, 0x1000);
    AllocationClient::report_cb_deallocation(device, 10, 0);
    say(device);
}
