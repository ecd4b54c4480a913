// SPDX-License-Identifier: Apache-2.0
//
// TracyMemoryMonitor as older programs use it: its types, its calls, and the uses that it was made for.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "tt_metal/impl/profiler/tracy_memory_monitor.hpp"

using namespace tt::tt_metal;
using BufferType = TracyMemoryMonitor::BufferType;

static_assert(!std::is_copy_constructible_v<TracyMemoryMonitor>);
static_assert(!std::is_copy_assignable_v<TracyMemoryMonitor>);
static_assert(!std::is_default_constructible_v<TracyMemoryMonitor>);
static_assert(std::is_same_v<std::underlying_type_t<BufferType>, std::uint8_t>);
static_assert(static_cast<int>(BufferType::DRAM) == 0 && static_cast<int>(BufferType::L1) == 1);
static_assert(static_cast<int>(BufferType::SYSTEM_MEMORY) == 2);
static_assert(static_cast<int>(BufferType::L1_SMALL) == 3);
static_assert(static_cast<int>(BufferType::TRACE) == 4);
static_assert(TracyMemoryMonitor::MAX_DEVICES == 8);
static_assert(std::tuple_size_v<decltype(TracyMemoryMonitor::instance().query_all_devices())> == 8);
static_assert(
    std::is_same_v<decltype(TracyMemoryMonitor::DeviceMemoryStats::num_buffers), std::uint64_t>);
static_assert(std::is_same_v<decltype(TracyMemoryMonitor::BufferInfo::alloc_time),
                             std::chrono::steady_clock::time_point>);
static_assert(!TracyMemoryMonitor::is_tracy_enabled(), "this build has no Tracy");

namespace {

// The program under watch: buffers of a device, as an allocator would tell of them.
struct Program {
    std::uint64_t next = 0x1000;
    std::vector<std::uint64_t> buffers;

    void allocate(std::uint64_t size, BufferType type = BufferType::DRAM) {
        TracyMemoryMonitor::instance().track_allocation(0, next, size, type);
        buffers.push_back(next);
        next += 0x1000;
    }
    void free_newest() {
        TracyMemoryMonitor::instance().track_deallocation(0, buffers.back());
        buffers.pop_back();
    }
};

struct Clean {
    Clean() { TracyMemoryMonitor::instance().reset(); }
    ~Clean() { TracyMemoryMonitor::instance().reset(); }
};

// What `body` writes to standard error.
template <class Body>
std::string told_by(Body&& body) {
    std::FILE* file = std::tmpfile();
    std::fflush(stderr);
    const int saved = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    body();
    dup2(saved, STDERR_FILENO);
    close(saved);
    std::string text(2000, '\0');
    std::rewind(file);
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    return text;
}

}  // namespace

TEST_CASE("a device out of range is ignored, counted, and told once") {
    const Clean clean;
    auto& monitor = TracyMemoryMonitor::instance();
    const std::string told = told_by([&] {
        monitor.track_allocation(8, 1, 100, BufferType::DRAM);
        monitor.track_allocation(-1, 1, 100, BufferType::DRAM);
        monitor.track_deallocation(100, 1);
    });
    CHECK(told.find("device 8") != std::string::npos);
    CHECK(told.find('\n') == told.size() - 1);
    // Device 100 is beyond those of tidemark::Monitor too, which counts it again.
    CHECK(monitor.problems().invalid == 4);
    for (const int device : {-1, 8, 100}) {
        CHECK(monitor.query_device(device).total_allocs == 0);
        CHECK(monitor.get_active_buffer_count(device) == 0);
        CHECK(monitor.get_active_buffers(device).empty());
    }
    for (const auto& stats : monitor.query_all_devices())
        CHECK(stats.get_total_allocated() == 0);
    CHECK(tidemark::Monitor::instance().query_device(8).current[0] == 100);
}

TEST_CASE("figures by type, their sums and their peaks") {
    const Clean clean;
    auto& monitor = TracyMemoryMonitor::instance();
    const BufferType types[] = {BufferType::DRAM, BufferType::L1, BufferType::SYSTEM_MEMORY,
                                BufferType::L1_SMALL, BufferType::TRACE};
    for (const int device : {0, 7})
        for (std::uint64_t i = 0; i < 5; ++i)
            monitor.track_allocation(device, 0x1000 + i, 10 << i, types[i]);
    monitor.track_deallocation(7, 0x1001);
    const auto stats = monitor.query_all_devices()[7];
    CHECK(stats.dram_allocated == 10);
    CHECK(stats.l1_allocated == 0);
    CHECK(stats.l1_peak == 20);
    CHECK(stats.system_memory_allocated == 40);
    CHECK(stats.l1_small_allocated == 80);
    CHECK(stats.trace_allocated == 160);
    CHECK(stats.num_buffers == 4);
    CHECK(stats.total_allocs == 5);
    CHECK(stats.total_frees == 1);
    CHECK(stats.get_total_allocated() == 290);
    CHECK(stats.get_allocated(BufferType::L1_SMALL) == 80);
    CHECK(stats.get_peak(BufferType::L1) == 20);
    CHECK(stats.get_allocated(static_cast<BufferType>(9)) == 0);
    CHECK(monitor.get_active_buffer_count(7) == 4);
}

TEST_CASE("a number that is no buffer type is counted and lands in no pool") {
    const Clean clean;
    auto& monitor = TracyMemoryMonitor::instance();
    monitor.track_allocation(0, 1, 100, static_cast<BufferType>(5));
    CHECK(monitor.problems().invalid == 1);
    CHECK(tidemark::Monitor::instance().query_device(0).allocations == 0);
}

TEST_CASE("use: a query in three lines, anywhere in the code") {
    const Clean clean;
    Program program;
    program.allocate(4096);

    auto& monitor = TracyMemoryMonitor::instance();
    auto stats = monitor.query_device(0);
    const std::string line = "DRAM: " + std::to_string(stats.dram_allocated) + " bytes";

    CHECK(line == "DRAM: 4096 bytes");
}

TEST_CASE("use: the growth of an operation is asserted in a test") {
    const Clean clean;
    Program program;
    auto& monitor = TracyMemoryMonitor::instance();
    const auto before = monitor.query_device(0);
    program.allocate(1 << 20);
    program.allocate(1 << 10, BufferType::L1);
    const auto after = monitor.query_device(0);
    CHECK(after.dram_allocated - before.dram_allocated == 1 << 20);
    CHECK(after.l1_allocated - before.l1_allocated == 1 << 10);
    CHECK(after.num_buffers - before.num_buffers == 2);
}

TEST_CASE("use: a leak check around a loop lists the buffers that leaked") {
    const Clean clean;
    Program program;
    auto& monitor = TracyMemoryMonitor::instance();
    const auto count = monitor.get_active_buffer_count(0);
    for (int i = 0; i < 10; ++i) {
        program.allocate(2048);
        if (i != 3 && i != 7) program.free_newest();
    }
    CHECK(monitor.get_active_buffer_count(0) - count == 2);
    const auto leaked = monitor.get_active_buffers(0);
    REQUIRE(leaked.size() == 2);
    CHECK(leaked[0].buffer_id == program.buffers[0]);
    CHECK(leaked[1].buffer_id == program.buffers[1]);
    CHECK(leaked[0].size == 2048);
    CHECK(leaked[0].device_id == 0);
    CHECK(leaked[0].buffer_type == BufferType::DRAM);
    CHECK(leaked[0].alloc_time <= leaked[1].alloc_time);
}

TEST_CASE("use: a long loop warns once a threshold is passed") {
    const Clean clean;
    Program program;
    int warned_at = -1;
    for (int i = 0; i < 100 && warned_at < 0; ++i) {
        program.allocate(1000);
        if (TracyMemoryMonitor::instance().query_device(0).dram_allocated > 50'000) warned_at = i;
    }
    CHECK(warned_at == 50);
}

TEST_CASE("use: peak and counts around a benchmark") {
    const Clean clean;
    Program program;
    program.allocate(100);
    const auto before = TracyMemoryMonitor::instance().query_device(0);
    for (int i = 0; i < 20; ++i) {
        program.allocate(500);
        program.allocate(500);
        program.free_newest();
        program.free_newest();
    }
    const auto after = TracyMemoryMonitor::instance().query_device(0);
    CHECK(after.dram_peak == 1100);
    CHECK(after.dram_allocated == before.dram_allocated);
    CHECK(after.total_allocs - before.total_allocs == 40);
    CHECK(after.total_frees - before.total_frees == 40);
}
