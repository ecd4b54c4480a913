// SPDX-License-Identifier: Apache-2.0
//
// From the rows of a segment to the snapshot, its filters and its formats. The keys of JSON are a promise: this test
// names each of them.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "unit/viewers/fake_collector.hpp"
#include "viewers/cli/query_text.hpp"
#include "viewers/model/buffers.hpp"
#include "viewers/model/csv.hpp"
#include "viewers/model/filter.hpp"
#include "viewers/model/growth.hpp"
#include "viewers/model/proc_text.hpp"
#include "viewers/model/snapshot_json.hpp"

using namespace tidemark;
using Json = nlohmann::json;

namespace {

model::Snapshot snapshot_of(test::FakeCollector& collector) {
    model::SourceOptions options;
    options.instance = collector.instance();
    model::StatsSource::Error error;
    auto source = model::StatsSource::open(options, error);
    REQUIRE_MESSAGE(source.has_value(), error.text);
    return source->read();
}

model::Snapshot busy_snapshot(const char* what) {
    test::FakeCollector collector(what);
    test::a_busy_machine(collector);
    return snapshot_of(collector);
}

Json json_of(const model::Snapshot& snapshot) {
    return Json::parse(model::dump(model::to_json(snapshot), -1));
}

void check_keys(const Json& object, std::initializer_list<const char*> keys) {
    for (const char* key : keys) {
        CAPTURE(key);
        CHECK(object.contains(key));
    }
}

}  // namespace

TEST_CASE("a snapshot is sorted by device, pool and pid") {
    const model::Snapshot snapshot = busy_snapshot("sort");
    CHECK(snapshot.consistent);
    REQUIRE(snapshot.devices.size() == 3);
    CHECK(snapshot.devices[0].device == 0);
    CHECK(snapshot.devices[2].device == TIDEMARK_DEVICE_HOST);
    CHECK(snapshot.devices[0].pools[0].pool_name == "DRAM");
    CHECK(snapshot.devices[0].pools[1].pool_name == "L1");
    REQUIRE(snapshot.processes.size() == 3);
    CHECK(snapshot.processes[0].pid == 777);
    CHECK(snapshot.processes[2].pid == 31337);
    CHECK(snapshot.processes[2].usage[0].device == 0);
    CHECK(snapshot.processes[2].usage[2].device == TIDEMARK_DEVICE_HOST);
}

TEST_CASE("JSON has every promised key, null for unknown, and every cause of loss") {
    const Json document = json_of(busy_snapshot("json"));
    CHECK(document["schema"] == 1);
    check_keys(document, {"collector", "devices", "processes"});
    check_keys(document["collector"], {"pid", "state", "heartbeat_age_ms", "events", "lost"});
    for (const char* cause : {"full", "no_collector", "no_lane", "handler", "no_space", "budget",
                              "sandbox", "corrupt"}) {
        CAPTURE(cause);
        CHECK(document["collector"]["lost"][cause] == Json{{"count", 0}, {"bytes", 0}});
        CHECK(document["processes"][0]["lost"][cause] == Json{{"count", 0}, {"bytes", 0}});
    }
    CHECK(document["collector"]["lost"].size() == 8);
    const Json& device = document["devices"][0];
    CHECK(device["device"] == 0);
    CHECK(device["name"] == "n300");
    CHECK(device["memories"][0] ==
          Json{{"memory", "DRAM"}, {"capacity", 12884901888}, {"allocated", 471859200}});
    check_keys(device["pools"][0],
               {"pool", "memory", "allocated", "peak", "total_allocated", "total_freed", "live",
                "allocations", "frees", "exact", "peak_exact"});
    const Json& host = document["devices"][2];
    CHECK(host["device"] == "host");
    CHECK(host["memories"][0]["memory"] == "host memory");
    CHECK(host["memories"][0]["capacity"].is_null());
    CHECK(document["devices"][1]["name"].is_null());
    CHECK(document["devices"][1]["pools"][0]["peak_exact"] == false);
}

TEST_CASE("a process in JSON carries its identity, its usage by device and its losses") {
    const Json document = json_of(busy_snapshot("jsonp"));
    const Json& gone = document["processes"][0];
    check_keys(gone,
               {"image", "parent_image", "pid", "start_time", "uid", "user", "name", "command",
                "state", "usage", "unknown_frees", "inherited_frees", "duplicates", "lost"});
    CHECK(gone["image"] == "00000000000000c3");
    CHECK(gone["parent_image"] == "00000000000000a1");
    CHECK(gone["state"] == "exited");
    CHECK(gone["usage"][0]["device"] == "host");
    CHECK(gone["usage"][0]["allocated"] == 3072);
    CHECK(document["processes"][2]["parent_image"].is_null());
    CHECK(document["processes"][2]["command"] == "python3 train.py --epochs 3");
    // Not UTF-8: replaced, never thrown on.
    CHECK(document["processes"][1]["name"] == "infer\x1b[31m\xEF\xBF\xBD");
}

TEST_CASE("an empty segment gives empty lists and unknown figures") {
    test::FakeCollector collector("empty");
    const Json document = json_of(snapshot_of(collector));
    CHECK(document["devices"].empty());
    CHECK(document["processes"].empty());
    CHECK(document["collector"]["events"].is_null());
}

TEST_CASE("the collector's state follows its heartbeat and its word") {
    test::FakeCollector collector("state");
    CHECK(snapshot_of(collector).collector.state == model::CollectorState::kRunning);
    collector.beat(12000);
    const auto stalled = snapshot_of(collector).collector;
    CHECK(stalled.state == model::CollectorState::kStalled);
    CHECK(*stalled.heartbeat_age_ms >= 12000);
    collector.header().state = TIDEMARK_COLLECTOR_STOPPED;
    CHECK(snapshot_of(collector).collector.state == model::CollectorState::kStopped);
    collector.header().state = TIDEMARK_COLLECTOR_SUPERSEDED;
    CHECK(json_of(snapshot_of(collector))["collector"]["state"] == "superseded");
}

TEST_CASE("a silent collector died only if its lock is there, its own, and free") {
    test::FakeCollector collector("died");
    const auto state = [&] { return snapshot_of(collector).collector.state; };
    collector.beat(12000);
    CHECK(state() == model::CollectorState::kStalled);  // without a lock nothing is known
    const int lock = collector.make_lock();
    CHECK(state() == model::CollectorState::kDied);
    CHECK(json_of(snapshot_of(collector))["collector"]["state"] == "stalled");
    struct flock range {};
    range.l_type = F_WRLCK;
    range.l_len = 1;
    REQUIRE(::fcntl(lock, F_OFD_SETLK, &range) == 0);
    CHECK(state() == model::CollectorState::kStalled);
    ::close(lock);
    CHECK(state() == model::CollectorState::kDied);
    collector.header().collector_uid = ::geteuid() + 1;
    CHECK(state() == model::CollectorState::kStalled);
    ::close(collector.make_lock());
    collector.beat(0);
    CHECK(state() == model::CollectorState::kRunning);
}

TEST_CASE("filters keep what was asked for and nothing else") {
    model::Snapshot by_device = busy_snapshot("fdev");
    model::apply({{1}, {}, {}, {}}, by_device);
    REQUIRE(by_device.devices.size() == 1);
    REQUIRE(by_device.processes.size() == 1);
    CHECK(by_device.processes[0].pid == 900);

    model::Snapshot by_pool = busy_snapshot("fpool");
    model::apply({{}, {}, {}, {"l1"}}, by_pool);
    CHECK(by_pool.devices[0].pools.size() == 1);
    REQUIRE(by_pool.processes.size() == 1);
    CHECK(by_pool.processes[0].usage.size() == 1);

    model::Snapshot by_pid = busy_snapshot("fpid");
    model::apply({{}, {777}, {}, {}}, by_pid);
    CHECK(by_pid.processes.size() == 1);
    CHECK(by_pid.devices[0].pools.size() == 2);

    model::Snapshot by_user = busy_snapshot("fuser");
    model::apply({{}, {}, {12345}, {}}, by_user);
    CHECK(by_user.processes.empty());
}

TEST_CASE(
    "CSV has a row a device and pool, and a row a process once a column of processes is asked "
    "for") {
    const model::Snapshot snapshot = busy_snapshot("csv");
    CHECK(model::csv_header({"device", "pool", "allocated"}, true) ==
          "device,pool,allocated [bytes]");
    CHECK(model::csv_header({"device", "pool", "allocated"}, false) == "device,pool,allocated");
    const auto devices = model::select(snapshot, {"device", "pool", "allocated", "capacity"});
    REQUIRE(devices.size() == 4);
    CHECK(devices[0] == std::vector<std::string>{"0", "DRAM", "471859200", "12884901888"});
    CHECK(devices[3] == std::vector<std::string>{"host", "SYSTEM_MEMORY", "73400320", ""});
    const auto processes = model::select(snapshot, {"pid", "pool", "state"});
    REQUIRE(processes.size() == 5);
    CHECK(processes[0] == std::vector<std::string>{"777", "SYSTEM_MEMORY", "exited"});
    CHECK(model::first_unknown_column({"pid", "colour"}) == "colour");
    CHECK(model::csv_line({"a,b", "say \"x\"", "plain"}) == "\"a,b\",\"say \"\"x\"\"\",plain");
}

TEST_CASE("plain columns hold a line a process and a total") {
    const std::string text = model::proc_text(busy_snapshot("proc"), true);
    CHECK(
        text.starts_with("device 0 n300 (bytes)\n"
                         "       PID  COMMAND                    DRAM             L1       "
                         "L1_SMALL          TRACE    BUFFERS\n"
                         "     31337  python3               471859200       12582912              "
                         "0              0        184\n"
                         "     TOTAL                        471859200       12582912              "
                         "0              0        184\n"));
    CHECK(text.find("leaky") == std::string::npos);
    CHECK(text.find('\x1b') == std::string::npos);
}

namespace {

model::Snapshot with_regions(const char* name) {
    model::Snapshot snapshot = busy_snapshot(name);
    model::Region chip{4711, 0, false, {}, "", false, 1000, 100};
    model::Region silent{4711, 0, false, 4242, "silent one", false, 700, 30, 2, 0, 1};
    model::Region telling{4711, 0, false, 31337, "python3", true, 300, 70};
    model::Region remote{4712, 9, true, {}, "", false, 50, 5};
    snapshot.regions = {chip, silent, telling, remote};
    return snapshot;
}

}  // namespace

TEST_CASE("what only tt-metal's regions tell of is a block of its own in plain columns") {
    const std::string before = model::proc_text(busy_snapshot("procr"), true);
    const std::string text = model::proc_text(with_regions("procr"), true);
    CHECK(text.starts_with(before));
    CHECK(text.substr(before.size()) ==
          "\nregions of device 0 (bytes, told by tt-metal, in no TOTAL)\n"
          "       PID  COMMAND                    DRAM             L1       L1_SMALL          "
          "TRACE    "
          "         CB    BUFFERS\n"
          "      4242  silent_one                  700             30              2              "
          "0    "
          "          1        N/A\n"
          "\nregions of device 9 (bytes, told by tt-metal, in no TOTAL)\n"
          "       PID  COMMAND                    DRAM             L1       L1_SMALL          "
          "TRACE    "
          "         CB    BUFFERS\n"
          "         -  remote_chip                  50              5              0              "
          "0    "
          "          0        N/A\n");
    CHECK(model::proc_text(with_regions("procr"), false) ==
          model::proc_text(busy_snapshot("procr"), false));
}

TEST_CASE("CSV has programs of tt-metal's regions for those who ask who told of them") {
    const model::Snapshot snapshot = with_regions("csvr");
    CHECK(model::select(snapshot, {"pid", "pool"}).size() == 5);
    CHECK(model::select(snapshot, {"device", "pool", "allocated"}).size() == 4);
    const auto rows =
        model::select(snapshot, {"origin", "pid", "name", "pool", "allocated", "peak", "exact"});
    REQUIRE(rows.size() == 5 + 4);
    CHECK(rows[0][0] == "program");
    CHECK(rows[5] ==
          std::vector<std::string>{"region", "4242", "silent one", "DRAM", "700", "", ""});
    CHECK(rows[8] == std::vector<std::string>{"region", "4242", "silent one", "CB", "1", "", ""});
}

TEST_CASE("the log has a line an accelerator, of the pools DRAM and L1 alone") {
    const std::string lines = cli::log_lines(busy_snapshot("log"));
    CHECK(lines.find(",0,471859200,12582912\n") != std::string::npos);
    CHECK(lines.find(",1,11811160064,0\n") != std::string::npos);
    CHECK(lines.find("host") == std::string::npos);
}

TEST_CASE("what an exited program left is listed with its age at the end") {
    test::FakeCollector collector("left");
    test::a_busy_machine(collector);
    const model::Snapshot snapshot = snapshot_of(collector);
    model::BufferList leaks = model::read_buffers(snapshot, model::Which::kExited, {});
    CHECK(leaks.inexact.empty());
    model::order(leaks, model::BufferOrder::kSize, 0);
    REQUIRE(leaks.buffers.size() == 2);
    CHECK(leaks.buffers[0].size == 2048);
    CHECK(leaks.buffers[0].age_ms == 1000);
    CHECK(leaks.buffers[1].age_ms == 60000);
    CHECK(leaks.buffers[1].pid == 777);
    CHECK(leaks.pool_name(leaks.buffers[1]) == "SYSTEM_MEMORY");
    model::order(leaks, model::BufferOrder::kAge, 1);
    REQUIRE(leaks.buffers.size() == 1);
    CHECK(leaks.buffers[0].id == 0x1000);
}

TEST_CASE("an account that cannot be read makes the list inexact, by name") {
    test::FakeCollector collector("noacc");
    test::a_busy_machine(collector);
    const model::BufferList live =
        model::read_buffers(snapshot_of(collector), model::Which::kRunning, {});
    CHECK(live.buffers.size() == 2);
    REQUIRE(live.inexact.size() == 1);
    CHECK(live.inexact[0].starts_with("pid 31337: "));
}

TEST_CASE("only what never falls back grows") {
    std::vector<std::uint64_t> values(120);
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = 1000 + i;
    }
    CHECK(model::only_grows(values));
    values[100] = 1000;
    CHECK_FALSE(model::only_grows(values));
    CHECK_FALSE(model::only_grows(std::vector<std::uint64_t>(120, 5)));
    CHECK_FALSE(model::only_grows({1, 2, 3, 4}));
    // Each quarter's lowest value is above the one before, but it falls all the time.
    std::vector<std::uint64_t> noise;
    for (std::size_t i = 0; i < 120; ++i)
        noise.push_back(40 + i / 30 + (i % 3 == 0 ? 200 : 0));
    CHECK_FALSE(model::only_grows(noise));
    // What is given back between two steps is small against what stays.
    std::vector<std::uint64_t> steps;
    for (std::size_t i = 0; i < 120; ++i)
        steps.push_back(1000 + i * 10 + (i % 3 == 0 ? 200 : 0));
    CHECK(model::only_grows(steps));
}
