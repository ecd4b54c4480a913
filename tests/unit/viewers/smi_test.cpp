// SPDX-License-Identifier: Apache-2.0
//
// `tidemark smi` with a folder that stands in for the machine: what it reads, and what it says where nobody collects.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "unit/sensors/fake_machine.hpp"
#include "unit/viewers/fake_collector.hpp"
#include "unit/viewers/tool.hpp"
#include "viewers/cli/machine.hpp"

using namespace tidemark;
using test::run_tidemark;
using Json = nlohmann::json;

namespace {

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

void add_all(const test::FakeMachine& machine) {
    machine.add_card(0, "n300", "wormhole", "0x401e");
    machine.add_card(1, "p150a", "blackhole", "0xb140");
    machine.add_nvidia();
    machine.add_host();
}

std::string nobody() { return "test-none-" + std::to_string(::getpid()); }

}  // namespace

TEST_CASE("without a collector smi shows the sensors, says so, and ends with 3") {
    const test::FakeMachine machine;
    add_all(machine);
    const auto ran = run_tidemark({"--sysfs-root", machine.root(), "--instance", nobody()});
    CHECK(ran.status == 3);
    CHECK(holds(ran.out, "45 °C   36.0 W"));
    CHECK(holds(ran.out, "N/A  12.00 GB   N/A"));
    CHECK(holds(ran.out, "○ no collector runs; `tidemarkd --background --instance"));
    CHECK_FALSE(holds(ran.out, "not in use"));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
    CHECK(holds(ran.err, "start one: `tidemarkd --background --instance " + nobody()));
}

TEST_CASE("in JSON as well, with null for what only a collector knows") {
    const test::FakeMachine machine;
    add_all(machine);
    const auto ran =
        run_tidemark({"smi", "--json", "--sysfs-root", machine.root(), "--instance", nobody()});
    CHECK(ran.status == 3);
    const Json document = Json::parse(ran.out);
    CHECK(document["collector"]["state"].is_null());
    REQUIRE(document["devices"].size() == 3);
    CHECK(document["devices"][0]["sensors"]["temperature_c"] == 45.25);
    CHECK(document["devices"][0]["memories"][0]["allocated"].is_null());
    CHECK(document["devices"][2]["sensors"]["memory_used"] == 8'000'000ull * 1024);
    CHECK(document["unassigned_sensors"].size() == 2);
    CHECK(document["unassigned_sensors"][0]["utilization_percent"] == 37);
}

TEST_CASE("formats that hold nothing but a collector's figures fail without one") {
    for (const char* format : {"csv", "proc"}) {
        const auto ran = run_tidemark({"smi", "--format", format, "--instance", nobody()});
        CHECK(ran.status == 3);
        CHECK(ran.out.empty());
    }
}

TEST_CASE("a machine without a single file is shown as unknown, not as an error") {
    const test::FakeMachine machine;
    test::FakeCollector collector("smibare");
    test::a_busy_machine(collector);
    const auto ran =
        run_tidemark({"--sysfs-root", machine.root(), "--instance", collector.instance()});
    CHECK(ran.status == 0);
    CHECK(ran.err.empty());
    CHECK(holds(ran.out, "N/A    N/A   N/A    450.00 MB  12.00 GB"));
}

TEST_CASE("a device is the card that --sensor names") {
    const test::FakeMachine machine;
    add_all(machine);
    const auto ran = run_tidemark({"smi", "--json", "--sysfs-root", machine.root(), "--instance",
                                   nobody(), "--sensor", "0=nvidia:0,1=none"});
    const Json document = Json::parse(ran.out);
    CHECK(document["devices"][0]["sensors"]["source"] == "nvidia:0");
    CHECK(document["devices"].size() == 2);  // and the host
    CHECK(document["unassigned_sensors"].size() == 3);
}

TEST_CASE("sensor flags that make no sense are usage errors, also before another verb") {
    const std::vector<std::pair<std::vector<std::string>, const char*>> wrong = {
        {{"--sensor", "0"}, "--sensor takes"},
        {{"--sensor", "x=none"}, "--sensor takes"},
        {{"--sensor", "0=amd:0"}, "--sensor takes"},
        {{"--sensor", "0="}, "--sensor takes"},
        {{"--sysfs-root", "/nonexistent"}, "No such file"},
        {{"--sysfs-root", "/dev/null"}, "takes a folder"},
        {{"--compare-kernel", "query"}, "--compare-kernel stands before `query`"},
    };
    for (const auto& [words, message] : wrong) {
        const auto ran = run_tidemark(words);
        CAPTURE(ran.err);
        CHECK(ran.status == 2);
        CHECK(holds(ran.err, message));
        CHECK(ran.out.empty());
    }
}

TEST_CASE("query adds sensors to its JSON when asked, and says where they have no place") {
    const test::FakeMachine machine;
    add_all(machine);
    test::FakeCollector collector("smiquery");
    test::a_busy_machine(collector);
    const auto query = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"query", "--instance", collector.instance()});
        return run_tidemark(words);
    };
    const auto with = query({"--sensors", "--sysfs-root", machine.root()});
    CHECK(with.status == 0);
    const Json document = Json::parse(with.out);
    CHECK(document["devices"][0]["sensors"]["power_w"] == 36.0);
    CHECK(document["devices"][0]["pools"][0]["allocated"] == 471859200);
    CHECK_FALSE(Json::parse(query({}).out)["devices"][0].contains("sensors"));
    CHECK(query({"--sensors", "--csv"}).status == 2);
    CHECK(query({"--sysfs-root", machine.root()}).status == 2);
    CHECK(run_tidemark({"query", "--sensors", "--instance", nobody()}).status == 3);
}

TEST_CASE(
    "--compare-kernel tells who holds a card without being tracked, and the other way round") {
    const test::FakeMachine machine;
    add_all(machine);
    machine.hold(0, "555\n555\n");
    machine.file("/proc/555/comm", "other\n");
    machine.hold(1, "900\n");
    test::FakeCollector collector("smicmp");
    test::a_busy_machine(collector);
    const std::vector<std::string> words = {"--compare-kernel",   "--sysfs-root",
                                            machine.root(),       "--instance",
                                            collector.instance(), "--ascii"};
    const auto ran = run_tidemark(words);
    CHECK(ran.status == 0);
    CHECK(holds(ran.out, "555  other                    2  not tracked: its memory is unknown"));
    CHECK(
        holds(ran.out, "31337  python3                  0  tracked; the kernel does not list it"));
    auto as_json = words;
    as_json.emplace_back("--json");
    const Json document = Json::parse(run_tidemark(as_json).out);
    CHECK(document["devices"][1]["kernel_processes"][0]["instrumented"] == true);
    // A filter hides rows; it turns nobody into a program that is not tracked.
    as_json.insert(as_json.end(), {"-p", "31337"});
    const Json filtered = Json::parse(run_tidemark(as_json).out);
    CHECK(filtered["devices"][1]["kernel_processes"][0]["instrumented"] == true);
}

TEST_CASE("the monitor does not list itself, and nobody else for having its pid") {
    const test::FakeMachine machine;
    test::FakeCollector collector("smiself");
    std::string comm;
    std::getline(std::ifstream("/proc/self/comm"), comm);
    auto own = test::process_row(1, ::getpid(), comm.c_str(), "own");
    own.uid = ::geteuid();
    collector.add(own);
    collector.add(test::process_row(2, ::getpid(), "someone", "other pid namespace"));
    cli::Options options;
    options.source.instance = collector.instance();
    cli::SensorOptions sensors;
    sensors.sysfs_root = machine.root();
    const model::Snapshot snapshot = cli::Machine(options, sensors).read();
    REQUIRE(snapshot.processes.size() == 1);
    CHECK(snapshot.processes[0].name == "someone");
}

TEST_CASE("a collector that starts later is found by who watches already") {
    const test::FakeMachine machine;
    test::FakeCollector collector("smilate");
    cli::Options options;
    const std::string path = collector.path();
    options.source.instance = collector.instance();
    cli::SensorOptions sensors;
    sensors.sysfs_root = machine.root();
    REQUIRE(::rename(path.c_str(), (path + ".later").c_str()) == 0);
    cli::Machine watched(options, sensors);
    CHECK(watched.read().collector.state == model::CollectorState::kNone);
    REQUIRE(::rename((path + ".later").c_str(), path.c_str()) == 0);
    CHECK(watched.read().collector.state == model::CollectorState::kRunning);
}
