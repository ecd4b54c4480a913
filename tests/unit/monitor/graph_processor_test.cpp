// SPDX-License-Identifier: Apache-2.0
//
// The adapter for tt-metal's graph tracker, on types that stand in for tt-metal's.
#include "tidemark/tt_metal/graph_processor.hpp"

#include <doctest/doctest.h>

#include <thread>
#include <tt-metalium/graph_tracking.hpp>

using tidemark::Monitor;
using tidemark::Pool;
namespace tt_metal = tt::tt_metal;

namespace {

struct Types {
    using GraphProcessor = tt_metal::IGraphProcessor;
    using Buffer = tt_metal::Buffer;
    using Device = tt_metal::IDevice;
    using CoreRangeSet = ::CoreRangeSet;
    using MeshDevice = tt_metal::distributed::MeshDevice;
};
struct TypesWithoutMesh {
    using GraphProcessor = tt_metal::IGraphProcessor;
    using Buffer = tt_metal::Buffer;
    using Device = tt_metal::IDevice;
    using CoreRangeSet = ::CoreRangeSet;
};

struct Bed {
    Monitor monitor;
    tt_metal::IDevice first{0}, second{1};
    tt_metal::distributed::MeshDevice mesh{40, {&first, &second}};
    tidemark::tt_metal::GraphProcessor<Types> adapter{monitor};
    tt_metal::IGraphProcessor& processor = adapter;
};

}  // namespace

TEST_CASE("the adapter is an observer, not a capture") {
    Bed bed;
    CHECK_FALSE(bed.processor.is_capture_processor());
    tt_metal::Program program;
    bed.processor.track_program(&program, &bed.first);
    CHECK(bed.monitor.query_device(0).allocations == 0);
}

TEST_CASE("buffers are told apart by their unique id, also where their addresses are the same") {
    Bed bed;
    tt_metal::Buffer a(&bed.first, 1, 100, tt_metal::BufferType::DRAM);
    tt_metal::Buffer b(&bed.first, 2, 50, tt_metal::BufferType::DRAM);
    tt_metal::Buffer c(&bed.first, 3, 7, tt_metal::BufferType::TRACE);
    for (const auto* buffer : {&a, &b, &c})
        bed.processor.track_allocate(buffer);
    CHECK(bed.monitor.query_pool(0, Pool::kDram).current == 150);
    CHECK(bed.monitor.query_pool(0, Pool::kTrace).current == 7);
    bed.processor.track_deallocate(&a);
    CHECK(bed.monitor.query_pool(0, Pool::kDram).current == 50);
    CHECK(bed.monitor.problems().duplicates == 0);
}

TEST_CASE("a buffer without a device is ignored") {
    Bed bed;
    tt_metal::Buffer buffer(nullptr, 1, 100, tt_metal::BufferType::DRAM);
    bed.processor.track_allocate(&buffer);
    bed.processor.track_deallocate(&buffer);
    bed.processor.track_allocate(nullptr);
    bed.processor.track_deallocate(nullptr);
    bed.processor.track_allocate_cb(CoreRangeSet(1), 0, 10, false, nullptr);
    bed.processor.track_deallocate_cb(nullptr);
    CHECK(bed.monitor.query_device(0).allocations == 0);
    CHECK(bed.monitor.problems().unknown_frees == 0);
}

TEST_CASE("a buffer of a mesh counts once on each device below it, and not on the mesh") {
    Bed bed;
    tt_metal::Buffer buffer(&bed.mesh, 1, 100, tt_metal::BufferType::L1);
    bed.processor.track_allocate(&buffer);
    CHECK(bed.monitor.query_pool(0, Pool::kL1).current == 100);
    CHECK(bed.monitor.query_pool(1, Pool::kL1).current == 100);
    CHECK(bed.monitor.query_device(40).allocations == 0);
    bed.processor.track_deallocate(&buffer);
    CHECK(bed.monitor.query_device(0).live == 0);
    CHECK(bed.monitor.query_device(1).live == 0);
}

TEST_CASE("without a mesh type every device is taken as it is") {
    Bed bed;
    tidemark::tt_metal::GraphProcessor<TypesWithoutMesh> adapter(bed.monitor);
    tt_metal::Buffer buffer(&bed.mesh, 1, 100, tt_metal::BufferType::L1);
    adapter.track_allocate(&buffer);
    CHECK(bed.monitor.query_pool(40, Pool::kL1).current == 100);
}

TEST_CASE("circular buffers count on all their cores, and go together, device by device") {
    Bed bed;
    bed.processor.track_allocate_cb(CoreRangeSet(4), 0x100, 10, false, &bed.first);
    bed.processor.track_allocate_cb(CoreRangeSet(2), 0x100, 10, false, &bed.first);
    bed.processor.track_allocate_cb(CoreRangeSet(1), 0x100, 10, false, &bed.second);
    bed.processor.track_allocate_cb(CoreRangeSet(9), 0x200, 10, true, &bed.first);  // in a buffer
    CHECK(bed.monitor.query_pool(0, Pool::kCb).current == 60);
    CHECK(bed.monitor.query_pool(0, Pool::kCb).live == 2);
    bed.processor.track_deallocate_cb(&bed.first);
    CHECK(bed.monitor.query_pool(0, Pool::kCb).current == 0);
    CHECK(bed.monitor.query_pool(1, Pool::kCb).current == 10);
    bed.processor.track_deallocate_cb(&bed.first);
    bed.processor.track_deallocate_cb(&bed.mesh);
    CHECK(bed.monitor.query_pool(1, Pool::kCb).current == 0);
    CHECK(bed.monitor.problems().unknown_frees == 0);
    Monitor::BufferFigures buffers;
    bed.monitor.query_buffers(0, buffers);
    CHECK(buffers.total_allocs == 0);
}

TEST_CASE("one adapter serves all threads that push it") {
    Bed bed;
    std::vector<std::thread> threads;
    for (std::uint64_t thread = 0; thread < 4; ++thread)
        threads.emplace_back([&, thread] {
            for (std::uint64_t i = 0; i < 200; ++i) {
                tt_metal::Buffer buffer(&bed.first, thread << 32 | i, 8,
                                        tt_metal::BufferType::DRAM);
                bed.processor.track_allocate(&buffer);
                bed.processor.track_allocate_cb(CoreRangeSet(1), 0, 1, false, &bed.second);
                bed.processor.track_deallocate(&buffer);
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(bed.monitor.query_device(0).live == 0);
    CHECK(bed.monitor.query_pool(1, Pool::kCb).live == 800);
    bed.processor.track_deallocate_cb(&bed.second);
    CHECK(bed.monitor.query_pool(1, Pool::kCb).live == 0);
}
