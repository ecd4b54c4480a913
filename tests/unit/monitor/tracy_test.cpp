// SPDX-License-Identifier: Apache-2.0
//
// Forwarding to Tracy, with a stand-in that judges as Tracy's server does: pools are told apart by the address of their
// name, a free of something unknown or an allocation of something live ends the session.
#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tidemark/monitor.hpp"
#include "tracy/TracyC.h"
#include "tt_metal/impl/profiler/tracy_memory_monitor.hpp"

using tidemark::Monitor;
using tidemark::Pool;
using Compatible = tt::tt_metal::TracyMemoryMonitor;

static_assert(Compatible::is_tracy_enabled());

namespace {

struct Server {
    std::mutex mutex;
    std::map<std::pair<const char*, const void*>, std::size_t> live;
    std::map<std::string, std::set<const char*>> addresses;
    std::vector<std::string> calls;
    int faults = 0;
    int depth = -1;
};
Server server;

void begin_again() {
    Compatible::instance().reset();
    const std::lock_guard lock(server.mutex);
    CHECK(server.live.empty());
    server.calls.clear();
    server.faults = 0;
}

}  // namespace

void stand_in_tracy_allocation(const void* pointer, std::size_t size, int depth, const char* name) {
    const std::lock_guard lock(server.mutex);
    server.faults += !server.live.try_emplace({name, pointer}, size).second;
    server.addresses[name].insert(name);
    server.calls.push_back(std::string("+") + name);
    server.depth = depth;
}

void stand_in_tracy_free(const void* pointer, int depth, const char* name) {
    const std::lock_guard lock(server.mutex);
    server.faults += server.live.erase({name, pointer}) != 1;
    server.calls.push_back(std::string("-") + name);
    server.depth = depth;
}

TEST_CASE("every pool of every device has its name, always at the same address") {
    begin_again();
    auto& monitor = Monitor::instance();
    for (int round = 0; round < 2; ++round)
        for (const std::uint32_t device : {0u, 7u, 63u})
            for (std::uint32_t pool = 0; pool < Monitor::kPools; ++pool)
                monitor.track_allocation(device, static_cast<Pool>(pool), 1 + round, 64);
    const std::vector<std::string> words{"DRAM",  "L1", "SYS_MEM", "L1_SMALL",
                                         "TRACE", "CB", "KERNEL"};
    for (const std::string device : {"0", "7", "63"})
        for (const std::string& word : words)
            CHECK(server.addresses["TT_Dev" + device + "_" + word].size() == 1);
    CHECK(server.addresses.size() == 21);
    CHECK(server.faults == 0);
}

TEST_CASE("a duplicate sends the free of the first life, then the second") {
    begin_again();
    auto& monitor = Compatible::instance();
    monitor.track_allocation(0, 5, 64, Compatible::BufferType::DRAM);
    monitor.track_allocation(0, 5, 32, Compatible::BufferType::DRAM);
    CHECK(server.calls ==
          std::vector<std::string>{"+TT_Dev0_DRAM", "-TT_Dev0_DRAM", "+TT_Dev0_DRAM"});
    CHECK(server.live.size() == 1);
    CHECK(server.live.begin()->second == 32);
    CHECK(server.faults == 0);
}

TEST_CASE("nothing is sent that would end a session") {
    begin_again();
    auto& monitor = Compatible::instance();
    monitor.track_deallocation(0, 99);
    monitor.track_allocation(8, 1, 1, static_cast<Compatible::BufferType>(77));
    monitor.track_allocation(0, 0, 64, Compatible::BufferType::DRAM);  // a null pointer to Tracy
    monitor.track_deallocation(0, 0);
    CHECK(server.calls.empty());
    Monitor::instance().track_allocation(0, Pool::kDram, 1, 64, Monitor::Reporter::kProgram);
    Monitor::instance().track_allocation(0, Pool::kDram, 1, 64, Monitor::Reporter::kClient);
    Monitor::instance().track_deallocation(0, 1, Monitor::Reporter::kProgram);
    Monitor::instance().track_deallocation(0, 1, Monitor::Reporter::kClient);
    CHECK(server.calls.size() == 2);
    CHECK(server.faults == 0);
}

TEST_CASE("reset empties Tracy's pools, so that the ids may come again") {
    begin_again();
    auto& monitor = Compatible::instance();
    for (std::uint64_t id = 1; id <= 100; ++id)
        monitor.track_allocation(2, id, 64, Compatible::BufferType::L1);
    monitor.reset();
    CHECK(server.live.empty());
    for (std::uint64_t id = 1; id <= 100; ++id) {
        monitor.track_deallocation(2, id);
        monitor.track_allocation(2, id, 64, Compatible::BufferType::L1);
    }
    CHECK(server.live.size() == 100);
    CHECK(server.faults == 0);
}

TEST_CASE("threads that fight over ids send Tracy one life after another") {
    begin_again();
    auto& monitor = Monitor::instance();
    std::vector<std::thread> threads;
    for (std::uint64_t thread = 0; thread < 4; ++thread)
        threads.emplace_back([&, thread] {
            for (std::uint64_t i = 0; i < 2000; ++i) {
                const std::uint64_t id = 1 + (i * 7 + thread) % 9;
                if ((i + thread) % 2 == 0)
                    monitor.track_allocation(1, static_cast<Pool>(i % 3), id, 64);
                else
                    monitor.track_deallocation(1, id);
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(server.faults == 0);
    CHECK(server.live.size() == monitor.query_device(1).live);
    begin_again();
}

TEST_CASE("call stacks go along when they are on") {
    begin_again();
    Compatible::instance().track_allocation(0, 1, 64, Compatible::BufferType::DRAM);
    const char* wanted = std::getenv("TT_ALLOC_STACK_TRACE");
    CHECK((server.depth > 0) == (wanted != nullptr));
    begin_again();
}
