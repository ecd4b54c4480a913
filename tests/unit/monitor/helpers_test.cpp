// SPDX-License-Identifier: Apache-2.0
//
// The instrumented wrappers, over types that stand in for tt-metal's, with tracking on and a ring that nobody drains.
#include <doctest/doctest.h>

#include <cstddef>
#include <vector>

// tt-metal's part, as the wrappers meet it: found by argument-dependent lookup.
namespace tt_metal_stand_in {

struct Device {
    int number;
    int id() const { return number; }
};
struct Format {};
struct CircularBufferConfig {
    unsigned index;
    unsigned bytes;
    unsigned buffer_index() const { return index; }
    unsigned total_size() const { return bytes; }
};
struct OlderConfig {
    unsigned buffer_index() const { return 3; }
    unsigned size() const { return 77; }
};
struct CoreRanges {
    std::vector<int> all;
    const std::vector<int>& ranges() const { return all; }
};
struct Program {
    unsigned long id() const { return 9; }
};
struct ProgramWithSizes {
    Device* on;
    Device* device() const { return on; }
    unsigned long get_id() const { return 10; }
    unsigned kernel_size(int handle) const { return 1000u + static_cast<unsigned>(handle); }
};
struct KernelConfig {};
struct KernelConfigWithSize {
    std::size_t binary_size() const { return 333; }
};

inline int made = 0;

template <class Config>
int CreateCircularBuffer(Device*, const Format&, const Config&) {
    return ++made;
}
template <class Config>
int CreateCircularBuffer(Device&, const Format&, const Config&) {
    return ++made;
}
template <class P, class Config>
int AddKernel(P&, const Config&, const CoreRanges&) {
    return ++made;
}

}  // namespace tt_metal_stand_in

#include "instrumented_helpers.hpp"
#include "tidemark/monitor.hpp"
#include "unit/producer/test_consumer.hpp"

using namespace tt_metal_stand_in;
using namespace tt::tt_metal::instrumented;
using tidemark::Monitor;
using tidemark::Pool;

namespace {
const tidemark::test::OwnRingGuard guard;
}

TEST_CASE("a circular buffer is made, returned and reported with its size") {
    Device device{1};
    const int before = made;
    CHECK(CreateCircularBufferWithTracking(&device, Format{}, CircularBufferConfig{2, 4096}) ==
          before + 1);
    CHECK(CreateCircularBufferWithTracking(device, Format{}, CircularBufferConfig{2, 1024}) ==
          before + 2);
    CHECK(CreateCircularBufferWithTracking(&device, Format{}, OlderConfig{}) == before + 3);
    const auto cb = Monitor::instance().query_pool(1, Pool::kCb);
    CHECK(cb.live == 3);
    CHECK(cb.current == 4096 + 1024 + 77);
    // The index is the id that its free names.
    CHECK(send_memory_event(MemoryEventType::CB_FREE, 1, 1024, 2));
    CHECK(send_memory_event(MemoryEventType::CB_FREE, 1, 4096, 2));
    CHECK(send_memory_event(MemoryEventType::CB_FREE, 1, 77, 3));
    CHECK(Monitor::instance().query_pool(1, Pool::kCb).current == 0);
}

TEST_CASE(
    "a kernel is added, its handle returned, and reported with its real size where there is one") {
    Program program;
    Device device{4};
    ProgramWithSizes with_sizes{&device};
    const CoreRanges ranges{{1, 2, 3}};

    const int guessed = AddKernelWithTracking(program, KernelConfig{}, ranges);
    CHECK(Monitor::instance().query_pool(0, Pool::kKernel).current == 3 * 50 * 1024);
    const int stated = AddKernelWithTracking(program, KernelConfigWithSize{}, ranges);
    CHECK(Monitor::instance().query_pool(0, Pool::kKernel).current == 3 * 50 * 1024 + 333);
    const int exact = AddKernelWithTracking(with_sizes, KernelConfigWithSize{}, ranges);
    CHECK(Monitor::instance().query_pool(4, Pool::kKernel).current ==
          1000u + static_cast<unsigned>(exact));

    const auto id = [](std::uint64_t program_id, int handle) {
        return program_id << 32 | static_cast<std::uint64_t>(handle);
    };
    CHECK(send_memory_event(MemoryEventType::KERNEL_UNLOAD, 0, 3 * 50 * 1024, id(9, guessed)));
    CHECK(send_memory_event(MemoryEventType::KERNEL_UNLOAD, 0, 333, id(9, stated)));
    CHECK(send_memory_event(MemoryEventType::KERNEL_UNLOAD, 4, 0, id(10, exact)));
    CHECK(Monitor::instance().query_pool(0, Pool::kKernel).live == 0);
    CHECK(Monitor::instance().query_pool(4, Pool::kKernel).live == 0);
}
