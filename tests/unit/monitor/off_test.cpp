// SPDX-License-Identifier: Apache-2.0
//
// A program that nobody enabled: the monitor works, the client is silent, and no ring is made.
#include <doctest/doctest.h>

#include <tt-metalium/allocation_client.hpp>

#include "instrumented_helpers.hpp"
#include "tidemark/producer.hpp"
#include "tt_metal/impl/profiler/tracy_memory_monitor.hpp"

using namespace tt::tt_metal;

TEST_CASE("without the environment the client does nothing and the monitor everything") {
    CHECK_FALSE(AllocationClient::is_enabled());
    AllocationClient::report_allocation(0, 100, 0, 1);
    AllocationClient::report_cb_allocation(0, 100, 1);
    AllocationClient::report_kernel_load(0, 100, 1, 0);
    using instrumented::MemoryEventType;
    CHECK_FALSE(instrumented::send_memory_event(MemoryEventType::CB_ALLOC, 0, 100));
    CHECK(tidemark::Monitor::instance().query_device(0).allocations == 0);

    TracyMemoryMonitor::instance().track_allocation(0, 1, 100, TracyMemoryMonitor::BufferType::L1);
    CHECK(TracyMemoryMonitor::instance().query_device(0).l1_allocated == 100);
    CHECK(tidemark::status().attached == 0);
}

TEST_CASE("without a collector the totals over all programs are unknown, not 0") {
    setenv("TIDEMARK_INSTANCE", "test-none-of-this-name", 1);
    CHECK_FALSE(query_device(0).is_available);
    CHECK_FALSE(query_device(-1).is_available);
}
