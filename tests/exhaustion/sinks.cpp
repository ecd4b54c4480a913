// SPDX-License-Identifier: Apache-2.0
//
// A full disk under every file that is written: event log, leak log, the collector's own log, the report of `run`, the
// log of `query`. The sink loses lines, says so once and counts them, the drain loses nothing, and lines come again with space.
#include "tests/exhaustion/host.hpp"
#include "tests/exhaustion/logged.hpp"
#include "tests/exhaustion/small_shm.hpp"
#include "tests/exhaustion/viewer.hpp"

using namespace tidemark::test;

namespace {

// Lines that are whole, and those that the file itself says are missing.
std::uint64_t written_and_dropped(const std::string& path) {
    std::uint64_t written = 0, dropped = 0;
    std::ifstream file(path);
    for (std::string text; std::getline(file, text);) {
        const nlohmann::json line = nlohmann::json::parse(text, nullptr, false);
        if (line.is_discarded()) continue;  // torn where the space ended, and counted
        if (line.at("op") == "dropped")
            dropped += line.at("count").get<std::uint64_t>();
        else
            ++written;
    }
    CHECK(dropped > 0);
    return written + dropped;
}

// A small disk of its own for what is written, and beside it a place for what is said.
struct Disk {
    Disk() : files(folder / "", 16 << 20) {}
    OwnFolder folder;
    OwnFolder elsewhere;
    SmallTmpfs files;
};

}  // namespace

TEST_CASE(
    "an event log and a leak log on a full disk lose lines, each counted, and the drain nothing") {
    Disk disk;
    const OwnInstance instance;
    const std::string said = disk.elsewhere / "said";
    const std::string events = disk.folder / "events", leaks = disk.folder / "leaks";
    const auto collector =
        logged_collector(instance.name(), {"--event-log", events, "--leak-log", leaks}, said);
    REQUIRE(disk.files.leave(32 * kPageBytes));
    HostProgram host(instance.tracked());
    for (int i = 0; i < 20; ++i) {
        REQUIRE(host.does(1000));
        REQUIRE(comes_true([&] { return accounted(instance.name(), host.pid()) == host.sent(); }));
    }
    Script script("end", {"1000"}, instance.tracked());
    CHECK(script.wait() == 0);
    CHECK(comes_true([&] { return times(said, "cannot write event log") == 1; }));
    CHECK(comes_true([&] { return times(said, "cannot write leak log") == 1; }));
    disk.files.release();
    CHECK(comes_true([&] {
        host.does(1);
        return times(said, "event log " + events + " can be written again") == 1;
    }));
    Script another("end", {"8"}, instance.tracked());
    CHECK(another.wait() == 0);
    CHECK(comes_true(
        [&] { return times(said, "leak log " + leaks + " can be written again") == 1; }));
    CHECK(times(said, "cannot write") == 2);
    CHECK(comes_true([&] { return accounted(instance.name(), host.pid()) == host.sent(); }));
    CHECK(process_of(instance.name(), host.pid())->exact == 1);
    const std::uint64_t left = host.sent().allocations - host.sent().frees;
    CHECK(host.ends());
    CHECK(comes_true([&] { return collector_of(instance.name()).processes_running == 0; }));
    collector->signal(SIGTERM);
    CHECK(collector->wait() == 0);
    // Three programs, what they left, and events.
    const std::uint64_t ends = 3 + 500 + 4 + left;
    CHECK(written_and_dropped(leaks) == ends);
    CHECK(written_and_dropped(events) ==
          ends + 3 + 1000 + 8 + host.sent().allocations + host.sent().frees);
}

TEST_CASE("a collector whose own log goes to a full disk goes on") {
    Disk disk;
    const OwnInstance instance;
    REQUIRE(disk.files.leave(kPageBytes));
    const auto collector = logged_collector(
        instance.name(), {"-v", "-v", "--legacy-socket=" + (disk.elsewhere / "older.sock")},
        disk.folder / "log");
    HostProgram host(instance.tracked());
    CHECK(host.does(1000));
    CHECK(comes_true([&] { return accounted(instance.name(), host.pid()) == host.sent(); }));
    for (int i = 0; i < 50; ++i)  // each says that it came and went
        Script("end", {"1"}, instance.tracked()).wait();
    CHECK(comes_true([&] { return collector_of(instance.name()).processes_seen == 51; }));
    CHECK(process_of(instance.name(), host.pid())->exact == 1);
    CHECK_FALSE(collector->has_ended());
    CHECK(host.ends());
}

TEST_CASE(
    "a command under `run` keeps its status when its report finds no space, and that is said") {
    Disk disk;
    REQUIRE(disk.files.leave(0));
    for (const char* status : {"0", "5"}) {
        const Ran ran = run({built("tidemark"), "run", "--json", "-o", disk.folder / status, "--",
                             "/bin/sh", "-c", std::string("echo done; exit ") + status});
        CHECK(ran.out == "done\n");
        CHECK(ran.status == (*status == '0' ? 3 : 5));
    }
}

TEST_CASE(
    "a log of `query` on a full disk leaves samples out, counted, never half a line, and goes on") {
    Disk disk;
    const OwnInstance instance;
    const Collector collector(instance.name());
    HostProgram host(instance.tracked());
    REQUIRE(host.does(100));
    REQUIRE(recovers(instance.name(), host));
    const std::string log = disk.folder / "log", said = disk.elsewhere / "said";
    const pid_t viewer = start({"/bin/sh", "-c",
                                "exec " + built("tidemark") + " query -r 10 --log " + log +
                                    " --instance " + instance.name() + " 2> " + said});
    CHECK(comes_true([&] { return times(log, ",0,") > 3; }));
    REQUIRE(disk.files.leave(0));
    CHECK(comes_true([&] { return times(said, "samples are left out until") == 1; }));
    const std::size_t before = times(log, ",0,");
    disk.files.release();
    CHECK(comes_true([&] { return times(said, "samples were left out") == 1; }));
    CHECK(comes_true([&] { return times(log, ",0,") > before + 3; }));
    kill(viewer, SIGTERM);
    CHECK(wait_until_ended(viewer) == 3 << 8);
    CHECK(times(said, "the log is not complete") == 1);
    CHECK(times(said, "samples are left out until") == 1);
    CHECK(times(log, "timestamp,device,dram,l1") == 1);
    CHECK(times(log, ",0,") + 1 == times(log, ""));
    CHECK(host.ends());
}
