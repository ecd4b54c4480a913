// SPDX-License-Identifier: Apache-2.0
//
// What becomes of the stats segment: replaced when somebody removes it, superseded by the next collector, stopped by an
// orderly end, and visibly old when its collector stands still.
#include <doctest/doctest.h>

#include "tests/process/script_world.hpp"

using namespace tidemark::test;
using tidemark::StatsReader;

namespace {

std::uint64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000u +
           static_cast<std::uint64_t>(now.tv_nsec);
}

std::string path_of(const OwnInstance& instance) {
    return "/dev/shm/tidemark." + instance.name() + ".stats";
}

}  // namespace

TEST_CASE(
    "a segment that somebody removed is replaced, with all figures, and its readers are told") {
    const OwnInstance instance;
    const Collector collector(instance.name());
    Script ended("end", {"400"}, instance.tracked());
    CHECK(ended.wait() == 0);
    Script script("run", {"1000"}, instance.tracked());
    REQUIRE(script.arrived(1));
    REQUIRE(comes_true([&] {
        const auto row = collector_of(instance.name());
        return row.events == 1400 && row.processes_running == 1;
    }));
    const StatsReader old = read_stats(instance.name());
    REQUIRE(unlink(path_of(instance).c_str()) == 0);
    CHECK(comes_true([&] { return old.superseded() && StatsReader::open(instance.name()); }));
    const auto row = process_of(instance.name(), script.pid());
    REQUIRE(row);
    CHECK(usage_differences(usage_of(instance.name(), row->image), script_usage(1000)) == "");
    const auto gone = process_of(instance.name(), ended.pid());
    REQUIRE(gone);
    CHECK(gone->state == TIDEMARK_PROCESS_EXITED);
    CHECK(usage_differences(usage_of(instance.name(), gone->image), script_usage(400)) == "");
    CHECK(usage_of(instance.name())->total_allocated ==
          script_usage(1000).total_allocated + script_usage(400).total_allocated);
}

TEST_CASE("who reads the segment of a collector that died is told when the next one is there") {
    const OwnInstance instance;
    auto collector = std::make_unique<Collector>(instance.name());
    const StatsReader old = read_stats(instance.name());
    collector->kill();
    CHECK(old.state() == TIDEMARK_COLLECTOR_RUNNING);
    collector = std::make_unique<Collector>(instance.name());
    CHECK(old.superseded());
    const StatsReader fresh = read_stats(instance.name());
    CHECK_FALSE(fresh.superseded());
    CHECK(fresh.header().generation != old.header().generation);
    CHECK(fresh.header().collector_pid == collector->pid());
}

TEST_CASE("a collector that is asked to stop publishes its last figures, and that it stopped") {
    const OwnInstance instance;
    Collector collector(instance.name());
    Script script("run", {"777"}, instance.tracked());
    REQUIRE(script.arrived(1));
    const StatsReader reader = read_stats(instance.name());
    const pid_t stop = start({built("tidemarkd"), "--stop", "--instance", instance.name()}, {},
                             open("/dev/null", O_WRONLY | O_CLOEXEC));
    CHECK(wait_until_ended(stop) == 0);
    CHECK(collector.wait() == 0);
    CHECK(reader.state() == TIDEMARK_COLLECTOR_STOPPED);
    CHECK(collector_of(instance.name()).events == 777);
    // The next one goes on where it was.
    const Collector next(instance.name());
    CHECK(reader.superseded());
    CHECK(comes_true([&] {
        const auto row = process_of(instance.name(), script.pid());
        return row && row->events == 777 && row->state == TIDEMARK_PROCESS_RUNNING;
    }));
}

TEST_CASE(
    "a collector that stands still is seen by the age of its heartbeat, and that it goes on, too") {
    const OwnInstance instance;
    const Collector collector(instance.name());
    const StatsReader reader = read_stats(instance.name());
    collector.signal(SIGSTOP);
    int status = 0;
    REQUIRE(waitpid(collector.pid(), &status, WUNTRACED) == collector.pid());
    REQUIRE(WIFSTOPPED(status));
    const std::uint64_t beats = reader.heartbeat_count();
    const std::uint64_t beat = reader.heartbeat_monotonic_ns();
    CHECK(comes_true([&] { return now_ns() - beat > 1'000'000'000; }));
    CHECK(reader.heartbeat_count() == beats);
    CHECK(reader.state() == TIDEMARK_COLLECTOR_RUNNING);
    collector.signal(SIGCONT);
    CHECK(comes_true([&] { return reader.heartbeat_count() > beats; }));
    CHECK(reader.heartbeat_monotonic_ns() > beat);
}
