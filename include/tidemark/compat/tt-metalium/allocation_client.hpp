// SPDX-License-Identifier: Apache-2.0
//
// AllocationClient as older programs know it: same path, names and calls, over tidemark/client.hpp, which says what they
// do. Link Tidemark::compat. No socket and no server: reports go to the ring, figures come from the stats segment.
#pragma once

#include <cstdint>

#include "../../client.hpp"

namespace tt::tt_metal {

// Any thread; nothing throws. Enabled by TT_ALLOC_TRACKING_ENABLED=1 or TIDEMARK_ENABLED=1 when the program starts.
class AllocationClient {
public:
    static bool is_enabled() { return tidemark::client::is_enabled(); }

    // buffer_type: DRAM 0, L1 1, SYSTEM_MEMORY 2, L1_SMALL 3, TRACE 4.
    static void report_allocation(int device_id, std::uint64_t size, std::uint8_t buffer_type,
                                  std::uint64_t buffer_id) {
        tidemark::client::allocation(device_id, size, buffer_type, buffer_id);
    }
    static void report_deallocation(int device_id, std::uint64_t buffer_id) {
        tidemark::client::deallocation(device_id, buffer_id);
    }

    static void report_cb_allocation(int device_id, std::uint64_t size, std::uint64_t cb_id) {
        tidemark::client::begin(Kind::kCircularBuffer, device_id, size, cb_id);
    }
    static void report_cb_deallocation(int device_id, std::uint64_t size, std::uint64_t cb_id) {
        tidemark::client::end(Kind::kCircularBuffer, device_id, size, cb_id);
    }

    // kernel_type: application 0, fabric 1, dispatch 2.
    static void report_kernel_load(int device_id, std::uint64_t size, std::uint64_t kernel_id,
                                   std::uint8_t kernel_type = 0) {
        tidemark::client::begin(Kind::kKernel, device_id, size, kernel_id, kernel_type);
    }
    static void report_kernel_unload(int device_id, std::uint64_t size, std::uint64_t kernel_id) {
        tidemark::client::end(Kind::kKernel, device_id, size, kernel_id);
    }

private:
    using Kind = tidemark::client::Kind;
};

using DeviceTotals = tidemark::client::DeviceTotals;

// A device over all programs.
inline DeviceTotals query_device(int device_id) {
    return tidemark::client::query_device(device_id);
}

}  // namespace tt::tt_metal
