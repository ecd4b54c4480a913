// SPDX-License-Identifier: Apache-2.0
//
// The drain side as a whole, on rings written by hand: totals, order, ends, restarts, and rings that lie.
#include <algorithm>
#include <deque>
#include <filesystem>

#include <sys/stat.h>

#include "collector/drain/account.hpp"
#include "tests/unit/collector/drain_harness.hpp"
#include "tidemark/account_reader.hpp"

using tidemark::test::HandRing;
using tidemark::test::KeptInstance;
using tidemark::test::RunningCore;
using tidemark::test::unique_instance;

TEST_CASE("allocations and frees of one lane add up in device, process and pool") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance);
    ring.allocate(0, 0x1000, 100);
    ring.allocate(0, 0x2000, 250);
    ring.allocate(0, 0x3000, 50, TIDEMARK_POOL_L1);
    ring.free(0, 0x1000);
    core.flush();
    const auto dram = core.usage(TIDEMARK_POOL_DRAM);
    REQUIRE(dram);
    CHECK(dram->current == 250);
    CHECK(dram->peak == 350);
    CHECK(dram->peak_exact == 1);
    CHECK(dram->exact == 1);
    CHECK(dram->total_allocated == 350);
    CHECK(dram->total_freed == 100);
    CHECK(dram->live == 1);
    CHECK(dram->allocations == 2);
    CHECK(dram->frees == 1);
    CHECK(core.usage(TIDEMARK_POOL_L1)->current == 50);
    const auto process = core.process_usage(ring.image, TIDEMARK_POOL_DRAM);
    REQUIRE(process);
    CHECK(process->current == 250);
    CHECK(process->size_histogram[6] == 1);
    CHECK(process->size_histogram[7] == 1);
    CHECK(core.process(ring.image)->events == 4);
}

TEST_CASE("a free in another lane finds its allocation whatever the order of lanes") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance, 2);
    for (std::uint64_t i = 0; i < 400; ++i) {
        const std::uint64_t before = HandRing::now();
        ring.free(0, i + 1, 0, 0,
                  before + 1);  // lane 0 is read first, but its stamp is the later one
        ring.allocate(2, i + 1, 10, 0, 0, before);
    }
    core.flush();
    const auto process = core.process(ring.image);
    REQUIRE(process);
    CHECK(process->unknown_frees == 0);
    CHECK(core.usage(0)->current == 0);
    CHECK(core.usage(0)->frees == 400);
    CHECK(core.usage(0)->peak == 10);
}

TEST_CASE("more live buffers than many pages hold are all found again") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance);
    constexpr std::uint64_t kBuffers = 100000;
    for (const bool freeing : {false, true}) {
        for (std::uint64_t i = 1; i <= kBuffers; ++i) {
            if (ring.room(0) == 0) core.flush();
            if (freeing)
                ring.free(0, i * 64);
            else
                ring.allocate(0, i * 64, i);
        }
        core.flush();
        CHECK(core.usage(0)->live == (freeing ? 0 : kBuffers));
        CHECK(core.usage(0)->current == (freeing ? 0 : kBuffers * (kBuffers + 1) / 2));
    }
    CHECK(core.usage(0)->peak == kBuffers * (kBuffers + 1) / 2);
    CHECK(core.process(ring.image)->unknown_frees == 0);
}

TEST_CASE(
    "an allocation on a live key supersedes it, and a late free of the old life turns that back") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance, 2);
    const std::uint64_t t = HandRing::now();
    ring.allocate(0, 7, 100, 0, 0, t);
    ring.allocate(2, 7, 30, 0, 0, t + 20);
    core.flush();
    CHECK(core.process(ring.image)->duplicates == 1);
    CHECK(core.process(ring.image)->exact == 0);
    CHECK(core.usage(0)->current == 30);
    CHECK(core.usage(0)->superseded == 100);
    ring.free(0, 7, 0, 0, t + 10, tidemark::shm::kFlagLate);
    core.flush();
    CHECK(core.process(ring.image)->duplicates == 0);
    CHECK(core.process(ring.image)->exact == 1);
    CHECK(core.usage(0)->current == 30);
    CHECK(core.usage(0)->superseded == 0);
    CHECK(core.usage(0)->total_freed == 100);
    CHECK(core.usage(0)->frees == 1);
}

TEST_CASE(
    "a free that names any pool takes the newest, and several matches make the image inexact") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance);
    ring.allocate(0, 5, 10, TIDEMARK_POOL_DRAM);
    ring.allocate(0, 5, 20, TIDEMARK_POOL_L1);
    ring.free(0, 5, TIDEMARK_POOL_ANY);
    core.flush();
    CHECK(core.usage(TIDEMARK_POOL_L1)->current == 0);
    CHECK(core.usage(TIDEMARK_POOL_DRAM)->current == 10);
    CHECK(core.process(ring.image)->ambiguous_frees == 1);
    CHECK(core.usage(TIDEMARK_POOL_DRAM)->exact == 0);
}

TEST_CASE("a free that finds nothing is counted and changes no total") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance);
    ring.allocate(0, 1, 10);
    ring.free(0, 2);
    core.flush();
    CHECK(core.process(ring.image)->unknown_frees == 1);
    CHECK(core.usage(0)->current == 10);
    CHECK(core.usage(0)->frees == 0);
}

TEST_CASE("losses that the producer counted make its pools inexact and bound them") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance);
    ring.allocate(0, 1, 10);
    ring.header().loss[TIDEMARK_LOSS_FULL] = {3, 2, 500};
    core.flush();
    CHECK(core.usage(0)->exact == 0);
    CHECK(core.usage(0)->lost_allocations == 3);
    CHECK(core.usage(0)->lost_frees == 2);
    CHECK(core.usage(0)->lost_bytes == 500);
    CHECK(core.process(ring.image)->lost_bytes[TIDEMARK_LOSS_FULL] == 500);
}

TEST_CASE("a ring that was full before the collector came is taken whole") {
    const std::string instance = unique_instance();
    HandRing ring(instance, 3);
    for (std::uint32_t lane = 0; lane < 3; ++lane) {
        for (std::uint64_t i = 0; i < 512; ++i)
            ring.allocate(2 * lane, lane * 1000 + i, 1);
    }
    RunningCore core(instance);
    core.flush();
    CHECK(core.usage(0)->current == 3 * 512);
    CHECK(ring.room(0) == 512);
    CHECK(ring.lane(0).published == 512);
}

TEST_CASE("many full rings are drained in passes that stay short, each ring in its turn") {
    constexpr std::uint64_t kRings = 60;
    constexpr std::uint64_t kEvents = 7 * 512;  // less than an image's quantum
    const std::string instance = unique_instance();
    std::deque<HandRing> rings;
    for (std::uint64_t r = 0; r < kRings; ++r) {
        HandRing& ring = rings.emplace_back(instance, 7);
        for (std::uint64_t i = 0; i < kEvents; ++i)
            ring.allocate(static_cast<std::uint32_t>(2 * (i % 7)), i, 1);
    }
    RunningCore core(instance);
    core.flush();
    CHECK(core.usage(0)->current == kRings * kEvents);
    for (HandRing& ring : rings)
        CHECK(ring.lane(0).published == 512);
    CHECK(core.collector().passes >= kRings * kEvents / (65536 + kEvents));
}

TEST_CASE("figures continue over a restart of the collector, running images and ended ones") {
    const std::string instance = unique_instance();
    HandRing running(instance);
    HandRing ending(instance);
    {
        RunningCore core(instance, true);
        running.allocate(0, 1, 100);
        ending.allocate(0, 1, 7);
        core.flush();
    }
    running.allocate(0, 2, 50);
    running.free(0, 1);
    ending.let_go();
    RunningCore core(instance);
    core.flush();
    CHECK(core.usage(0)->current == 50);
    CHECK(core.usage(0)->peak == 157);
    CHECK(core.usage(0)->freed_by_exit == 7);
    CHECK(core.process(running.image)->events == 3);
    CHECK(core.process(running.image)->unknown_frees == 0);
    CHECK(core.process(ending.image)->state == TIDEMARK_PROCESS_EXITED);
}

TEST_CASE("a lying ring is quarantined by name of its lie, and others keep flowing") {
    RunningCore core(unique_instance());
    HandRing honest(core.configuration.instance);
    HandRing liar(core.configuration.instance);
    liar.allocate(0, 1, 10);
    core.flush();
    std::uint32_t expected = 0;
    SUBCASE("a head further than the lane holds") {
        liar.lane(0).head += 1'000'000;
        expected = TIDEMARK_QUARANTINE_INDEX;
    }
    SUBCASE("a head that moves back") {
        liar.lane(0).head = 0;
        expected = TIDEMARK_QUARANTINE_INDEX;
    }
    SUBCASE("a record of no known operation") {
        liar.put(0, {HandRing::now(), 1, 0x00F0'0000'0000'0001, 0, 0});
        expected = TIDEMARK_QUARANTINE_RECORD;
    }
    SUBCASE("a link out of the segment") {
        liar.put(0, {HandRing::now(), std::uint64_t{1} << 40,
                     tidemark::shm::pack(tidemark::shm::Operation::kLink, 0, 2048), 0, 0});
        expected = TIDEMARK_QUARANTINE_LINK;
    }
    SUBCASE("more lanes than there are") {
        liar.header().lanes_used = 100000;
        liar.allocate(0, 2, 10);
        expected = TIDEMARK_QUARANTINE_HEADER;
    }
    SUBCASE("a segment cut to nothing") {
        liar.allocate(0, 2, 10);
        REQUIRE(truncate(("/dev/shm/" + liar.name).c_str(), 0) == 0);
        expected = TIDEMARK_QUARANTINE_TRUNCATED;
    }
    honest.allocate(0, 1, 33);
    core.flush();
    CHECK(core.process(liar.image)->quarantine == expected);
    CHECK(core.process(liar.image)->exact == 0);
    CHECK(core.process_usage(honest.image, 0)->current == 33);
    CHECK(core.process(honest.image)->exact == 1);
    honest.free(0, 1);
    core.flush();
    CHECK(core.process_usage(honest.image, 0)->current == 0);
}

TEST_CASE("a stamp far ahead is a clock step: counted, applied in lane order") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance);
    ring.allocate(0, 1, 10);
    ring.allocate(0, 2, 10, 0, 0, HandRing::now() + (std::uint64_t{1} << 50));
    ring.free(0, 1);
    core.flush();
    CHECK(core.process(ring.image)->clock_steps == 1);
    CHECK(core.usage(0)->current == 10);
}

TEST_CASE("a private instance leaves nothing in shared memory") {
    const std::string instance = unique_instance();
    {
        RunningCore core(instance);
        HandRing ring(instance);
        ring.allocate(0, 1, 10);
        core.flush();
    }
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
        CHECK(entry.path().filename().string().find(instance + ".") == std::string::npos);
    }
}

TEST_CASE("an image at rest is audited in the background, and its table agrees with its counters") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance);
    for (std::uint64_t i = 1; i <= 300; ++i)
        ring.allocate(0, i, i);
    core.flush();
    std::uint64_t audits = 0;
    while (audits == 0) {
        audits = core.collector().audits;
        std::this_thread::yield();
    }
    CHECK(core.collector().audit_differences == 0);
}

TEST_CASE(
    "what a program became by exec is its starter's child once the first image is forgotten") {
    constexpr std::int32_t kNobody = 4'194'303;  // a pid that no kernel gives
    RunningCore core(unique_instance(), false, 0);
    std::optional<HandRing> starter, first, second;
    const auto make = [&](std::optional<HandRing>& ring) {
        core.ask([&](tidemark::collector::Core& c) {
            tidemark::shm::RingHeader& header = ring.emplace(core.configuration.instance).header();
            if (&ring != &starter) {
                header.parent_pid = header.pid;
                header.pid = kNobody;
                header.start_ticks = starter->header().start_ticks + 1;
            }
            ring->allocate(0, 1, 10);
            c.flush();
        });
    };
    make(starter);
    make(first);
    CHECK(core.process(first->image)->parent_image == starter->image);
    first->let_go();
    make(second);
    while (core.process(first->image))
        std::this_thread::yield();
    while (core.process(second->image)->parent_image != starter->image)
        std::this_thread::yield();
}

TEST_CASE("history goes on over a restart of the collector") {
    const std::string instance = unique_instance();
    HandRing ring(instance);
    {
        RunningCore core(instance, true);
        ring.allocate(0, 1, 4096);
        core.flush();
    }
    RunningCore core(instance);
    core.flush();
    std::string error;
    const auto reader = tidemark::StatsReader::open(instance, &error);
    REQUIRE(reader);
    const auto rows = reader->all<tidemark_history_row>(nullptr);
    REQUIRE(rows.size() == 1);
    bool found = false;
    const std::uint64_t now = tidemark::shm::monotonic_ns(CLOCK_REALTIME);
    for (std::uint64_t second = 0; second < 60; ++second) {
        const auto sample = reader->history(rows[0], true, now - second * 1'000'000'000);
        found |= sample && sample->current == 4096;
    }
    CHECK(found);
}

TEST_CASE("history says where no collector looked, of what did not change too") {
    constexpr std::uint64_t kPeriod = TIDEMARK_HISTORY_FINE_PERIOD_NS;
    const auto now = [] { return tidemark::shm::monotonic_ns(CLOCK_REALTIME); };
    const std::string instance = unique_instance();
    HandRing ring(instance);
    {
        RunningCore core(instance, true);
        ring.allocate(0, 1, 4096);
        core.flush();
    }
    const std::uint64_t ended = now();
    while (now() < ended + 3 * kPeriod)
        std::this_thread::yield();
    const std::uint64_t begun = now();
    RunningCore core(instance);
    core.flush();
    const auto reader = tidemark::StatsReader::open(instance, nullptr);
    REQUIRE(reader);
    const auto row = reader->all<tidemark_history_row>(nullptr).at(0);
    std::uint64_t absent_since = 0, known_since = 0;
    for (std::uint64_t time = ended - 10 * kPeriod; time <= now(); time += kPeriod) {
        const auto sample = reader->history(row, false, time);
        if (sample && sample->current == TIDEMARK_SAMPLE_UNKNOWN) absent_since = sample->time;
        if (sample && sample->current == 4096) known_since = sample->time;
    }
    CHECK(absent_since >= ended - 10 * kPeriod);
    CHECK(absent_since <= ended + kPeriod);
    CHECK(known_since >= begun / kPeriod * kPeriod);
}

TEST_CASE("a ring stamped in nanoseconds is applied and aged like any other") {
    const std::string instance = unique_instance();
    HandRing ring(instance);
    ring.header().clock_kind = static_cast<std::uint32_t>(tidemark::shm::ClockKind::kMonotonic);
    ring.allocate(0, 1, 10, 0, 0, tidemark::shm::monotonic_ns());
    ring.allocate(0, 2, 20, 0, 0, tidemark::shm::monotonic_ns());
    ring.free(0, 1, 0, 0, tidemark::shm::monotonic_ns());
    RunningCore core(instance);
    core.flush();
    CHECK(core.process(ring.image)->clock_steps == 0);
    CHECK(core.usage(0)->current == 20);
    CHECK(core.usage(0)->peak == 30);
}

TEST_CASE("a ring that takes the id of an image that ended is left alone") {
    RunningCore core(unique_instance());
    HandRing first(core.configuration.instance);
    first.allocate(0, 1, 10);
    core.flush();
    first.let_go();
    core.flush();
    REQUIRE(core.process(first.image)->state == TIDEMARK_PROCESS_EXITED);
    HandRing second(core.configuration.instance, 1, 512, first.image);
    second.allocate(0, 1, 99);
    core.flush();
    CHECK(core.process_usage(first.image, 0)->total_allocated == 10);
    CHECK(core.usage(0)->total_allocated == 10);
}
