// SPDX-License-Identifier: Apache-2.0
//
// The in-process monitor's figures, alone: tracking is off here, so nothing reaches a ring.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <set>
#include <thread>

#include "tidemark/monitor.hpp"

using tidemark::Monitor;
using tidemark::Pool;

namespace {

constexpr int kDram = TIDEMARK_POOL_DRAM;
constexpr int kL1 = TIDEMARK_POOL_L1;

// In a child, so that what it does to itself stays there. Its answer is its exit status.
template <class Body>
int in_child(Body&& body) {
    const pid_t child = fork();
    if (child == 0) _exit(body());
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("a query right after an allocation sees it, with its peak and counts") {
    Monitor monitor;
    monitor.track_allocation(0, Pool::kDram, 0x1000, 100);
    monitor.track_allocation(0, Pool::kDram, 0x2000, 50);
    monitor.track_allocation(0, Pool::kL1, 0x1000, 7);
    monitor.track_deallocation(0, 0x2000);
    const auto figures = monitor.query_device(0);
    CHECK(figures.current[kDram] == 100);
    CHECK(figures.peak[kDram] == 150);
    CHECK(figures.current[kL1] == 7);
    CHECK(figures.live == 2);
    CHECK(figures.allocations == 3);
    CHECK(figures.frees == 1);
    CHECK(figures.consistent);
    const auto dram = monitor.query_pool(0, Pool::kDram);
    CHECK(dram.live == 1);
    CHECK(dram.peak_live == 2);
    CHECK(monitor.query_device(1).allocations == 0);
}

TEST_CASE("circular buffers and kernels have pools of their own, which buffers don't contain") {
    Monitor monitor;
    monitor.track_allocation(3, Pool::kCb, 1, 10);
    monitor.track_allocation(3, Pool::kKernel, 1, 20);
    monitor.track_allocation(3, Pool::kTrace, 1, 40);
    CHECK(monitor.query_device(3).live == 3);
    CHECK(monitor.query_device(3).current[TIDEMARK_POOL_KERNEL] == 20);
    Monitor::BufferFigures buffers;
    monitor.query_buffers(3, buffers);
    CHECK(buffers.num_buffers == 1);
    CHECK(buffers.total_allocs == 1);
    CHECK(buffers.trace_allocated == 40);
    monitor.query_buffers(64, buffers);
    CHECK(buffers.trace_allocated == 0);
}

TEST_CASE("a second allocation of a live buffer supersedes the first and is counted") {
    Monitor monitor;
    monitor.track_allocation(0, Pool::kDram, 1, 100);
    monitor.track_allocation(0, Pool::kDram, 1, 30);
    monitor.track_allocation(0, Pool::kDram, 1, 30);
    const auto dram = monitor.query_pool(0, Pool::kDram);
    CHECK(dram.current == 30);
    CHECK(dram.peak == 100);
    CHECK(dram.live == 1);
    CHECK(dram.allocations == 3);
    CHECK(dram.duplicates == 2);
    CHECK(monitor.problems().duplicates == 2);
    monitor.track_deallocation(0, 1);
    CHECK(monitor.query_pool(0, Pool::kDram).current == 0);
    CHECK(monitor.query_pool(0, Pool::kDram).live == 0);
    CHECK(monitor.query_pool(0, Pool::kDram).frees == 1);
}

TEST_CASE("an unknown free changes no figure and is counted") {
    Monitor monitor;
    monitor.track_deallocation(0, 77);
    monitor.track_allocation(0, Pool::kDram, 1, 100);
    monitor.track_deallocation(1, 1);
    monitor.track_deallocation(0, 2);
    monitor.track_deallocation(0, Pool::kL1, 1);
    CHECK(monitor.query_device(0).current[kDram] == 100);
    CHECK(monitor.query_device(0).frees == 0);
    CHECK(monitor.problems().unknown_frees == 4);
    monitor.track_deallocation(0, 1);
    monitor.track_deallocation(0, 1);
    CHECK(monitor.query_device(0).current[kDram] == 0);
    CHECK(monitor.problems().unknown_frees == 5);
}

TEST_CASE("one address in two pools is two buffers; a free that names none takes the newest") {
    Monitor monitor;
    monitor.track_allocation(0, Pool::kDram, 0x1000, 100);
    monitor.track_allocation(0, Pool::kL1, 0x1000, 10);
    monitor.track_allocation(0, Pool::kTrace, 0x1000, 1);
    monitor.track_deallocation(0, Pool::kL1, 0x1000);
    CHECK(monitor.problems().ambiguous_frees == 0);
    monitor.track_deallocation(0, 0x1000);
    CHECK(monitor.query_device(0).current[TIDEMARK_POOL_TRACE] == 0);
    CHECK(monitor.query_device(0).current[kDram] == 100);
    CHECK(monitor.problems().ambiguous_frees == 1);
    monitor.track_deallocation(0, 0x1000);
    CHECK(monitor.problems().ambiguous_frees == 1);
    CHECK(monitor.query_device(0).live == 0);
}

TEST_CASE("a buffer that two report, each its allocation and its free, counts once") {
    using Reporter = Monitor::Reporter;
    Monitor monitor;
    for (const auto first : {Reporter::kProgram, Reporter::kClient}) {
        const auto second = first == Reporter::kProgram ? Reporter::kClient : Reporter::kProgram;
        monitor.reset();
        monitor.track_allocation(0, Pool::kDram, 1, 100, Reporter::kProgram);
        monitor.track_allocation(0, Pool::kDram, 1, 100, Reporter::kClient);
        CHECK(monitor.query_device(0).live == 1);
        CHECK(monitor.query_device(0).allocations == 1);
        monitor.track_deallocation(0, 1, first);
        CHECK(monitor.query_device(0).live == 0);
        CHECK(monitor.active_buffers(0).empty());
        monitor.track_deallocation(0, 1, second);
        CHECK(monitor.query_device(0).frees == 1);
        CHECK(monitor.problems().unknown_frees == 0);
        CHECK(monitor.problems().duplicates == 0);
        monitor.track_deallocation(0, 1, second);
        CHECK(monitor.problems().unknown_frees == 1);
    }
}

TEST_CASE("an address is used again though the other reporter never told of the free") {
    using Reporter = Monitor::Reporter;
    Monitor monitor;
    for (int round = 0; round < 3; ++round) {
        monitor.track_allocation(0, Pool::kDram, 1, 100, Reporter::kProgram);
        monitor.track_allocation(0, Pool::kDram, 1, 100, Reporter::kClient);
        monitor.track_deallocation(0, 1, Reporter::kProgram);
    }
    CHECK(monitor.query_device(0).current[kDram] == 0);
    CHECK(monitor.query_device(0).allocations == 3);
    CHECK(monitor.problems().duplicates == 0);
    // Nor do such remains pile up: with ever new ids they go when the table grows.
    for (std::uint64_t id = 0; id < 100'000; ++id) {
        monitor.track_allocation(0, Pool::kDram, id, 1, Reporter::kProgram);
        monitor.track_allocation(0, Pool::kDram, id, 1, Reporter::kClient);
        monitor.track_deallocation(0, id, Reporter::kProgram);
    }
    CHECK(monitor.query_device(0).live == 0);
    CHECK(monitor.registry_bytes() < 2'000'000);
}

TEST_CASE("two sizes under one id are two buffers in a row, whoever reports them") {
    using Reporter = Monitor::Reporter;
    Monitor monitor;
    monitor.track_allocation(0, Pool::kDram, 1, 100, Reporter::kProgram);
    monitor.track_allocation(0, Pool::kDram, 1, 200, Reporter::kClient);
    CHECK(monitor.query_device(0).current[kDram] == 200);
    CHECK(monitor.problems().duplicates == 1);
}

TEST_CASE("the list holds what is live, oldest first, with the times of the allocations") {
    Monitor monitor;
    const auto before = std::chrono::steady_clock::now();
    for (std::uint64_t id = 1; id <= 500; ++id)
        monitor.track_allocation(2, Pool::kL1Small, id, id * 8);
    monitor.track_allocation(5, Pool::kDram, 1, 1);
    for (std::uint64_t id = 1; id <= 500; id += 2)
        monitor.track_deallocation(2, id);
    const auto after = std::chrono::steady_clock::now();
    const auto buffers = monitor.active_buffers(2);
    REQUIRE(buffers.size() == 250);
    std::uint64_t id = 2;
    for (const auto& buffer : buffers) {
        CHECK(buffer.id == id);
        CHECK(buffer.size == id * 8);
        CHECK(buffer.device == 2);
        CHECK(buffer.pool == Pool::kL1Small);
        CHECK(buffer.allocated >= before - std::chrono::microseconds(1));
        CHECK(buffer.allocated <= after + std::chrono::microseconds(1));
        id += 2;
    }
    CHECK(monitor.active_buffers(64).empty());
}

TEST_CASE("what no figure can hold is counted, and disturbs none") {
    Monitor monitor;
    errno = 4711;
    monitor.track_allocation(Monitor::kMaxDevices, Pool::kDram, 1, 1);
    monitor.track_allocation(0, static_cast<Pool>(7), 1, 1);
    monitor.track_allocation(0, Pool::kAny, 1, 1);
    monitor.track_allocation(0, Pool::kDram, 1, std::uint64_t{1} << 48);
    monitor.track_deallocation(Monitor::kMaxDevices, 1);
    CHECK(monitor.problems().invalid == 5);
    CHECK(monitor.query_device(0).allocations == 0);
    CHECK(monitor.query_device(Monitor::kMaxDevices).allocations == 0);
    CHECK(monitor.query_pool(0, Pool::kAny).allocations == 0);
    monitor.track_allocation(63, Pool::kKernel, ~std::uint64_t{0}, (std::uint64_t{1} << 48) - 1);
    CHECK(monitor.query_device(63).current[TIDEMARK_POOL_KERNEL] == (std::uint64_t{1} << 48) - 1);
    CHECK(errno == 4711);
}

TEST_CASE("reset forgets figures, list, peaks and problems, and tracking goes on") {
    Monitor monitor;
    for (std::uint64_t id = 0; id < 50'000; ++id)
        monitor.track_allocation(0, Pool::kDram, id, 10);
    monitor.track_deallocation(0, 999'999);
    monitor.reset();
    CHECK(monitor.query_device(0).current[kDram] == 0);
    CHECK(monitor.query_device(0).peak[kDram] == 0);
    CHECK(monitor.query_device(0).live == 0);
    CHECK(monitor.active_buffers(0).empty());
    CHECK(monitor.problems().unknown_frees == 0);
    monitor.track_deallocation(0, 5);
    CHECK(monitor.problems().unknown_frees == 1);
    monitor.track_allocation(0, Pool::kDram, 5, 10);
    CHECK(monitor.query_device(0).live == 1);
    CHECK(monitor.query_device(0).frees == 0);
}

TEST_CASE("any ids keep their place while the table grows and shrinks") {
    Monitor monitor;
    std::set<std::uint64_t> ids{0, ~std::uint64_t{0}};
    for (std::uint64_t i = 1; i < 3000; ++i) {
        ids.insert(i << 52 | i);
        ids.insert(i);
        ids.insert(i << 21);
        ids.insert((i << 32) | 3);
    }
    for (const std::uint64_t id : ids)
        monitor.track_allocation(id % 64, Pool::kDram, id, 1 + id % 1000);
    std::uint64_t live = 0;
    for (std::uint32_t device = 0; device < 64; ++device)
        live += monitor.query_device(device).live;
    CHECK(live == ids.size());
    const std::uint64_t most = monitor.registry_bytes();
    for (const std::uint64_t id : ids)
        monitor.track_deallocation(id % 64, id);
    for (std::uint32_t device = 0; device < 64; ++device) {
        CHECK(monitor.query_device(device).live == 0);
        CHECK(monitor.query_device(device).current[kDram] == 0);
    }
    CHECK(monitor.problems().unknown_frees == 0);
    CHECK(monitor.registry_bytes() < most);
}

TEST_CASE("a million live buffers take at most 64 bytes each") {
    Monitor monitor;
    constexpr std::uint64_t kMost = 1'000'000;
    std::uint64_t worst = 0;
    for (std::uint64_t id = 0; id < kMost; ++id) {
        monitor.track_allocation(0, Pool::kDram, id * 64, 1);
        if (id >= 100'000 && id % 20'000 == 0)
            worst = std::max(worst, monitor.registry_bytes() / id);
    }
    CHECK(worst <= 64);
    CHECK(monitor.registry_bytes() / kMost <= 64);
    CHECK(monitor.query_device(0).live == kMost);
}

TEST_CASE("without memory for the table it counts, and the program goes on") {
    const int status = in_child([] {
        Monitor monitor;
        monitor.track_allocation(0, Pool::kDram, 1, 10);
        const rlimit none{1, 1};
        if (setrlimit(RLIMIT_AS, &none) != 0) return 1;
        std::uint64_t told = 1;
        for (; told < 1'000'000 && monitor.problems().out_of_memory == 0; ++told)
            monitor.track_allocation(0, Pool::kDram, told + 1, 10);
        const auto figures = monitor.query_device(0);
        if (monitor.problems().out_of_memory != 1) return 2;
        if (figures.live != told - 1 || figures.current[kDram] != (told - 1) * 10) return 3;
        monitor.track_deallocation(0, told);  // the one that was not kept
        if (monitor.problems().unknown_frees != 1) return 4;
        for (std::uint64_t id = 1; id < told; ++id)
            monitor.track_deallocation(0, id);
        return monitor.query_device(0).current[kDram] == 0 ? 0 : 5;
    });
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    (void)status;  // the sanitizers can't live with the limit themselves
#else
    CHECK(status == 0);
#endif
}

TEST_CASE("a forked child goes on with a copy of the figures") {
    Monitor& monitor = Monitor::instance();
    monitor.track_allocation(9, Pool::kDram, 1, 100);
    const int status = in_child([&] {
        monitor.track_allocation(9, Pool::kDram, 2, 10);
        monitor.track_deallocation(9, 1);
        return monitor.query_device(9).current[kDram] == 10 ? 0 : 1;
    });
    CHECK(status == 0);
    CHECK(monitor.query_device(9).current[kDram] == 100);
    monitor.reset();
}
