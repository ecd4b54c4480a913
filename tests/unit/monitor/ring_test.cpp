// SPDX-License-Identifier: Apache-2.0
//
// What of the monitor's events reaches the ring, and as what, with tracking on.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <thread>
#include <tuple>
#include <vector>

#include "allocation_client.hpp"
#include "instrumented_helpers.hpp"
#include "tidemark/producer.hpp"
#include "tt_metal/impl/profiler/tracy_memory_monitor.hpp"
#include "unit/producer/test_consumer.hpp"

using namespace tidemark;
using shm::Operation;
using test::TestConsumer;
using tt::tt_metal::AllocationClient;
using Compatible = tt::tt_metal::TracyMemoryMonitor;

namespace {

const test::OwnRingGuard guard;

// The ring is there, so that it can be consumed.
const bool attached = [] {
    tidemark::allocation(0xFFFE, Pool::kDram, 1, 1);
    tidemark::free(0xFFFE, Pool::kDram, 1);
    return true;
}();

// The events of a device that `body` caused, in the order of their stamps.
template <class Body>
std::vector<shm::Event> events_of(std::uint32_t device, Body&& body) {
    TestConsumer consumer;
    body();
    CHECK(flush(60'000) == Flush::kPublished);
    consumer.stop();
    std::vector<shm::Event> found;
    for (std::size_t lane = 0; lane < consumer.lanes(); ++lane)
        for (const shm::Event& event : consumer.lane(lane))
            if (event.device == device) found.push_back(event);
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.stamp < b.stamp; });
    return found;
}

bool is(const shm::Event& event, Operation operation, std::uint32_t pool, std::uint64_t id,
        std::uint64_t size) {
    return event.operation() == operation && event.pool() == pool && event.id == id &&
           event.size() == size;
}

}  // namespace

TEST_CASE("a free goes to the ring with the pool and size of its buffer") {
    auto& monitor = Compatible::instance();
    const auto events = events_of(1, [&] {
        monitor.track_allocation(1, 0x1000, 64, Compatible::BufferType::L1_SMALL);
        monitor.track_deallocation(1, 0x1000);
    });
    REQUIRE(events.size() == 2);
    CHECK(is(events[0], Operation::kAllocation, TIDEMARK_POOL_L1_SMALL, 0x1000, 64));
    CHECK(is(events[1], Operation::kFree, TIDEMARK_POOL_L1_SMALL, 0x1000, 64));
    CHECK(events[1].flags() == shm::kFlagSized);
}

TEST_CASE("a free that the monitor can't place reaches the ring as pool any") {
    auto& monitor = Compatible::instance();
    const auto events = events_of(1, [&] {
        monitor.track_deallocation(1, 4711);
        monitor.track_allocation(1, 5, 64, Compatible::BufferType::DRAM);
        monitor.reset();
        CHECK(monitor.get_active_buffer_count(1) == 0);
        monitor.track_deallocation(1, 5);
    });
    REQUIRE(events.size() == 3);
    CHECK(is(events[0], Operation::kFree, TIDEMARK_POOL_ANY, 4711, 0));
    CHECK(is(events[1], Operation::kAllocation, TIDEMARK_POOL_DRAM, 5, 64));
    CHECK(is(events[2], Operation::kFree, TIDEMARK_POOL_ANY, 5, 0));
    CHECK(monitor.problems().unknown_frees == 1);
}

TEST_CASE("a duplicate goes to the ring as it came: there it supersedes too") {
    auto& monitor = Compatible::instance();
    const auto events = events_of(1, [&] {
        monitor.track_allocation(1, 5, 64, Compatible::BufferType::DRAM);
        monitor.track_allocation(1, 5, 32, Compatible::BufferType::DRAM);
        monitor.track_deallocation(1, 5);
    });
    REQUIRE(events.size() == 3);
    CHECK(is(events[1], Operation::kAllocation, TIDEMARK_POOL_DRAM, 5, 32));
    CHECK(is(events[2], Operation::kFree, TIDEMARK_POOL_DRAM, 5, 32));
    monitor.reset();
}

TEST_CASE("client and monitor in one program report a buffer once to the ring, in any order") {
    auto& monitor = Compatible::instance();
    const auto events = events_of(1, [&] {
        AllocationClient::report_allocation(1, 64, 1, 7);
        monitor.track_allocation(1, 7, 64, Compatible::BufferType::L1);
        monitor.track_deallocation(1, 7);
        AllocationClient::report_deallocation(1, 7);
        monitor.track_allocation(1, 8, 64, Compatible::BufferType::L1);
        AllocationClient::report_allocation(1, 64, 1, 8);
        monitor.track_deallocation(1, 8);
        AllocationClient::report_deallocation(1, 8);
    });
    REQUIRE(events.size() == 4);
    CHECK(is(events[0], Operation::kAllocation, TIDEMARK_POOL_L1, 7, 64));
    CHECK(is(events[1], Operation::kFree, TIDEMARK_POOL_L1, 7, 64));
    CHECK(is(events[2], Operation::kAllocation, TIDEMARK_POOL_L1, 8, 64));
    CHECK(is(events[3], Operation::kFree, TIDEMARK_POOL_L1, 8, 64));
    CHECK(monitor.query_device(1).num_buffers == 0);
    CHECK(monitor.problems().unknown_frees == 0);
    monitor.reset();
}

TEST_CASE("the client reports every pool") {
    CHECK(AllocationClient::is_enabled());
    const auto events = events_of(2, [] {
        for (std::uint8_t type = 0; type < 5; ++type)
            AllocationClient::report_allocation(2, 10, type, 100u + type);
        for (std::uint8_t type = 0; type < 5; ++type)
            AllocationClient::report_deallocation(2, 100u + type);
        AllocationClient::report_allocation(2, 10, 9, 1);   // no such type
        AllocationClient::report_allocation(-1, 10, 0, 1);  // nor device
    });
    REQUIRE(events.size() == 10);
    for (std::uint32_t type = 0; type < 5; ++type) {
        CHECK(is(events[type], Operation::kAllocation, type, 100 + type, 10));
        CHECK(is(events[5 + type], Operation::kFree, type, 100 + type, 10));
    }
    CHECK(Monitor::instance().problems().invalid == 2);
    Monitor::instance().reset();
}

TEST_CASE("circular buffers of one index are instances; a free takes the newest of its size") {
    const auto events = events_of(3, [] {
        AllocationClient::report_cb_allocation(3, 100, 0);  // program A
        AllocationClient::report_cb_allocation(3, 200, 0);  // program B
        AllocationClient::report_cb_allocation(3, 100, 0);  // program C
        CHECK(Monitor::instance().query_pool(3, Pool::kCb).current == 400);
        AllocationClient::report_cb_deallocation(3, 200, 0);
        CHECK(Monitor::instance().query_pool(3, Pool::kCb).current == 200);
        AllocationClient::report_cb_deallocation(3, 100, 0);
        AllocationClient::report_cb_deallocation(3, 999, 0);  // of no such size: the newest
        CHECK(Monitor::instance().query_pool(3, Pool::kCb).current == 0);
        AllocationClient::report_cb_deallocation(3, 100, 0);  // one too many
    });
    REQUIRE(events.size() == 7);
    CHECK(events[0].id == 0);
    CHECK(events[1].id != events[0].id);
    CHECK(events[2].id != events[1].id);
    CHECK(events[3].id == events[1].id);
    CHECK(events[4].id == events[2].id);
    CHECK(events[5].id == events[0].id);
    CHECK(is(events[6], Operation::kFree, TIDEMARK_POOL_ANY, 0, 0));
    CHECK(Monitor::instance().problems().duplicates == 0);
    CHECK(Monitor::instance().problems().unknown_frees == 1);
    Monitor::instance().reset();
}

TEST_CASE("a circular buffer that reset forgot still ends in the ring") {
    const auto events = events_of(3, [] {
        AllocationClient::report_cb_allocation(3, 100, 9);
        AllocationClient::report_cb_allocation(3, 100, 9);
        Monitor::instance().reset();
        AllocationClient::report_cb_deallocation(3, 100, 9);
        AllocationClient::report_cb_deallocation(3, 100, 9);
    });
    REQUIRE(events.size() == 4);
    CHECK(is(events[2], Operation::kFree, TIDEMARK_POOL_ANY, events[1].id, 0));
    CHECK(is(events[3], Operation::kFree, TIDEMARK_POOL_ANY, events[0].id, 0));
    Monitor::instance().reset();
}

TEST_CASE("kernels are counted by pool and by type") {
    const std::uint64_t kernel = 5ull << 32 | 2;
    const auto events = events_of(4, [&] {
        AllocationClient::report_kernel_load(4, 1000, kernel, 0);
        AllocationClient::report_kernel_load(4, 300, kernel + 1, 1);
        AllocationClient::report_kernel_load(4, 20, kernel + 2, 2);
        AllocationClient::report_kernel_load(4, 1000, kernel, 0);  // the cached program again
        CHECK(client::kernel_bytes(4, 0) == 2000);
        CHECK(client::kernel_bytes(4, 1) == 300);
        CHECK(client::kernel_bytes(4, 2) == 20);
        CHECK(Monitor::instance().query_pool(4, Pool::kKernel).current == 2320);
        AllocationClient::report_kernel_unload(4, 1000, kernel);
        AllocationClient::report_kernel_unload(4, 300, kernel + 1);
        CHECK(client::kernel_bytes(4, 0) == 1000);
        CHECK(client::kernel_bytes(4, 1) == 0);
        AllocationClient::report_kernel_unload(4, 1000, kernel);
        AllocationClient::report_kernel_unload(4, 20, kernel + 2);
    });
    CHECK(events.size() == 8);
    CHECK(is(events[0], Operation::kAllocation, TIDEMARK_POOL_KERNEL, kernel, 1000));
    CHECK(Monitor::instance().query_pool(4, Pool::kKernel).current == 0);
    CHECK(client::kernel_bytes(4, 3) == 0);
    Monitor::instance().reset();
}

TEST_CASE("memory events by hand answer whether they were recorded") {
    using tt::tt_metal::instrumented::MemoryEventType;
    using tt::tt_metal::instrumented::send_memory_event;
    const auto events = events_of(5, [] {
        CHECK(send_memory_event(MemoryEventType::CB_ALLOC, 5, 64));
        CHECK(send_memory_event(MemoryEventType::KERNEL_LOAD, 5, 128, 3));
        CHECK(send_memory_event(MemoryEventType::CB_FREE, 5, 64));
        CHECK(send_memory_event(MemoryEventType::KERNEL_UNLOAD, 5, 128, 3));
        CHECK_FALSE(send_memory_event(MemoryEventType::CB_FREE, 5, 64));
        CHECK_FALSE(send_memory_event(MemoryEventType::CB_ALLOC, -1, 64));
    });
    REQUIRE(events.size() == 5);
    CHECK(is(events[0], Operation::kAllocation, TIDEMARK_POOL_CB, 0, 64));
    CHECK(is(events[3], Operation::kFree, TIDEMARK_POOL_KERNEL, 3, 128));
    Monitor::instance().reset();
}

// As a collector does: an allocation of a live key supersedes it; a free of none changes nothing.
struct Model {
    std::map<std::tuple<std::uint32_t, std::uint64_t>, std::uint64_t> live;
    void apply(const shm::Event& event) {
        if (event.operation() == Operation::kAllocation)
            live[{event.pool(), event.id}] = event.size();
        else
            live.erase({event.pool(), event.id});
    }
    std::uint64_t bytes(std::uint32_t pool) const {
        std::uint64_t sum = 0;
        for (const auto& [key, size] : live)
            sum += std::get<0>(key) == pool ? size : 0;
        return sum;
    }
};

TEST_CASE("whatever threads do to the same ids, the ring comes to the monitor's figures") {
    auto& monitor = Monitor::instance();
    monitor.reset();
    const std::uint64_t lost = test::lost_so_far();
    const auto events = events_of(6, [&] {
        std::vector<std::thread> threads;
        for (std::uint64_t thread = 0; thread < 4; ++thread)
            threads.emplace_back([&, thread] {
                for (std::uint64_t i = 0; i < 2000; ++i) {
                    const std::uint64_t id = (i * 7 + thread) % 9;
                    if (i % 2 == 0)
                        monitor.track_allocation(6, static_cast<Pool>(i / 2 % 2), id, 1 + i % 50);
                    else
                        monitor.track_deallocation(6, id);
                }
            });
        for (std::thread& thread : threads)
            thread.join();
    });
    CHECK(test::lost_so_far() == lost);
    Model model;
    for (const shm::Event& event : events)
        model.apply(event);
    CHECK(monitor.problems().duplicates > 0);
    for (const Pool pool : {Pool::kDram, Pool::kL1}) {
        CHECK(monitor.query_pool(6, pool).current == model.bytes(static_cast<std::uint32_t>(pool)));
        CHECK(monitor.query_pool(6, pool).current > 0);
    }
    monitor.reset();
}
