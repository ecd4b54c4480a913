// SPDX-License-Identifier: Apache-2.0
//
// The drain side, on rings written by hand: what an image that ended left.
#include <filesystem>

#include <sys/stat.h>

#include "collector/drain/account.hpp"
#include "tests/unit/collector/drain_harness.hpp"
#include "tidemark/account_reader.hpp"

using tidemark::test::HandRing;
using tidemark::test::KeptInstance;
using tidemark::test::RunningCore;
using tidemark::test::unique_instance;

TEST_CASE("what an image left is reported, and its figures go over to the device") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance);
    for (std::uint64_t i = 1; i <= 10; ++i)
        ring.allocate(0, i, 100);
    ring.free(0, 1);
    core.flush();
    ring.let_go();
    core.flush();
    const auto process = core.process(ring.image);
    REQUIRE(process);
    CHECK(process->state == TIDEMARK_PROCESS_EXITED);
    CHECK(core.process_usage(ring.image, 0)->current == 900);
    CHECK(core.process_usage(ring.image, 0)->live == 9);
    CHECK(core.usage(0)->current == 0);
    CHECK(core.usage(0)->freed_by_exit == 900);
    CHECK(core.usage(0)->total_freed == 100);
    CHECK(core.usage(0)->peak == 1000);
    CHECK(core.sink.leaks == 9);
    CHECK_FALSE(std::filesystem::exists("/dev/shm/" + ring.name));
}

TEST_CASE("while it is looked for what an image left, the events of others are shown") {
    constexpr int kBuffers = 150'000;
    RunningCore core(unique_instance());
    HandRing ended(core.configuration.instance);
    HandRing other(core.configuration.instance);
    for (std::uint64_t i = 1; i <= kBuffers; ++i) {
        if (ended.room(0) == 0) core.flush();
        ended.allocate(0, i * 64, 1);
    }
    other.allocate(0, 1, 100);
    core.flush();
    int shown_after = 0;
    core.sink.on_leak = [&] {
        const int leaks = core.sink.leaks;
        if (leaks == 1) other.allocate(0, 2, 100);
        if (shown_after != 0 || leaks % 1000 != 0) return;
        const auto usage = core.process_usage(other.image, 0);
        if (usage && usage->live == 2) shown_after = leaks;
    };
    const std::string name = ended.name;
    ended.let_go();
    core.ask([&](tidemark::collector::Core& c) { c.ring_released(name); });
    for (int i = 0; i < 60'000 && core.sink.leaks < kBuffers; ++i)
        usleep(1000);
    core.flush();
    CHECK(core.sink.leaks == kBuffers);
    CHECK(shown_after > 0);
    CHECK(shown_after < kBuffers);
    CHECK(core.process(ended.image)->state == TIDEMARK_PROCESS_EXITED);
    CHECK(core.process_usage(ended.image, 0)->live == kBuffers);
}

TEST_CASE("what an image left takes little memory, however much it once had") {
    const KeptInstance kept;
    RunningCore core(kept.name, true);
    HandRing ring(core.configuration.instance);
    for (std::uint64_t id = 0; id < 50000; ++id) {
        if (id % 500 == 0) core.flush();
        ring.allocate(0, id * 64, 1);
    }
    for (std::uint64_t id = 0; id < 50000; ++id) {
        if (id % 500 == 0) core.flush();
        if (id % 1000 != 7) ring.free(0, id * 64);
    }
    core.flush();
    const std::string account = "/dev/shm/" + tidemark::collector::Account::name_of(
                                                  core.configuration.instance, ring.image);
    const auto kib = [&] {
        struct stat status = {};
        REQUIRE(stat(account.c_str(), &status) == 0);
        return status.st_blocks / 2;
    };
    CHECK(kib() > 2000);
    ring.let_go();
    core.flush();
    CHECK(core.process(ring.image)->state == TIDEMARK_PROCESS_EXITED);
    CHECK(core.sink.leaks == 50);
    for (int i = 0; i < 30'000 && kib() >= 100; ++i)
        usleep(1000);  // it goes back in pauses
    CHECK(kib() < 100);
    auto reader = tidemark::AccountReader::open_file(account);
    REQUIRE(reader);
    const auto left = reader->live_buffers();
    CHECK(left.exact);
    CHECK(left.buffers.size() == 50);
}
