// SPDX-License-Identifier: Apache-2.0
//
// Snapshots as Prometheus' text: which series there are, what they hold, and what must never stand there.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "unit/viewers/fake_collector.hpp"
#include "unit/viewers/tool.hpp"
#include "viewers/export/exposition.hpp"
#include "viewers/export/metrics.hpp"

using namespace tidemark;
using exporter::Labels;
using exporter::Metric;
using exporter::metrics_text;
using exporter::Type;

namespace {

constexpr std::uint64_t kMB = 1024 * 1024;

model::Snapshot snapshot_of(test::FakeCollector& collector) {
    model::SourceOptions options;
    options.instance = collector.instance();
    model::StatsSource::Error error;
    auto source = model::StatsSource::open(options, error);
    REQUIRE_MESSAGE(source.has_value(), error.text);
    return source->read();
}

model::Snapshot busy(const char* what) {
    test::FakeCollector collector(what);
    test::a_busy_machine(collector);
    return snapshot_of(collector);
}

// Series to values, as they stand there; a series that stands there twice fails.
std::map<std::string, std::string> series_of(const std::string& text) {
    std::map<std::string, std::string> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty() && line[0] != '#') {
            const std::size_t blank = line.rfind(' ');
            const bool made = found.emplace(line.substr(0, blank), line.substr(blank + 1)).second;
            CHECK_MESSAGE(made, line, " stands there twice");
        }
    }
    return found;
}

std::map<std::string, std::string> series_of(const model::Snapshot& snapshot,
                                             const exporter::Workloads& workloads = {},
                                             const exporter::MetricsOptions& options = {}) {
    return series_of(metrics_text(snapshot, workloads, options));
}

bool has_prefix(const std::map<std::string, std::string>& series, const std::string& prefix) {
    const auto at = series.lower_bound(prefix);
    return at != series.end() && at->first.starts_with(prefix);
}

model::Process program(std::uint64_t image, std::int32_t pid, std::uint64_t current) {
    model::Process made;
    made.image = image;
    made.pid = pid;
    made.user = "ada";
    made.name = "train";
    model::PoolUsage usage;
    usage.pool_name = "DRAM";
    usage.current = current;
    usage.peak = current + 1;
    usage.live = 2;
    made.usage.push_back(usage);
    return made;
}

model::Snapshot two_alike() {
    model::Snapshot snapshot;
    snapshot.collector.state = model::CollectorState::kRunning;
    snapshot.devices.emplace_back();
    snapshot.processes = {program(1, 10, 100), program(2, 11, 7)};
    return snapshot;
}

}  // namespace

TEST_CASE("label values are escaped, and what no label may hold is replaced") {
    Labels labels = {{"a", "quote\" back\\slash"}, {"b", "line\nbreak \x1b[31m \xff"}, {"c", ""}};
    CHECK(labels.text() == "a=\"quote\\\" back\\\\slash\",b=\"line?break ?[31m \xEF\xBF\xBD\"");
    labels.add(Labels{{"d", "1"}});
    CHECK(labels.text().ends_with(",d=\"1\""));
}

TEST_CASE(
    "a metric has its HELP and TYPE once, in front of its series, and nothing without series") {
    Metric metric("tidemark_x_total", Type::kCounter, "With \\ and\nlines.");
    std::string text;
    metric.append_to(text);
    CHECK(text.empty());
    metric.add({{"a", "2"}}, std::uint64_t{18446744073709551615u});
    metric.add({{"a", "1"}}, 0.5);
    metric.append_to(text);
    CHECK(text ==
          "# HELP tidemark_x_total With \\\\ and\\nlines.\n# TYPE tidemark_x_total counter\n"
          "tidemark_x_total{a=\"1\"} 0.5\ntidemark_x_total{a=\"2\"} 18446744073709551615\n");
}

TEST_CASE("series with the same labels meet as the metric says") {
    const auto met = [](exporter::Meeting meeting) {
        Metric metric("x", Type::kGauge, "h", meeting);
        metric.add({}, std::uint64_t{7});
        metric.add({}, std::uint64_t{5});
        std::string text;
        metric.append_to(text);
        return text.substr(text.rfind("\nx ") + 1);
    };
    CHECK(met(exporter::Meeting::kSum) == "x 12\n");
    CHECK(met(exporter::Meeting::kHighest) == "x 7\n");
    CHECK(met(exporter::Meeting::kLowest) == "x 5\n");
}

TEST_CASE("devices, memories and pools carry the snapshot's figures") {
    const auto series = series_of(busy("mdev"));
    CHECK(series.at("tidemark_up") == "1");
    CHECK(
        series.at("tidemark_device_info{device=\"0\",device_name=\"n300\",arch=\"Wormhole_B0\"}") ==
        "1");
    CHECK(series.at("tidemark_pool_current_bytes{device=\"0\",device_name=\"n300\",memory=\"DRAM\","
                    "pool=\"DRAM\"}") == std::to_string(450 * kMB));
    CHECK(series.at("tidemark_pool_allocations_total{device=\"host\",device_name=\"workstation\","
                    "memory=\"host memory\",pool=\"SYSTEM_MEMORY\"}") == "5000000");
    CHECK(series.at("tidemark_pool_peak_exact{device=\"1\",memory=\"DRAM\",pool=\"DRAM\"}") == "0");
    CHECK(series.at("tidemark_pool_exact{device=\"1\",memory=\"DRAM\",pool=\"DRAM\"}") == "1");
    CHECK(series.at(
              "tidemark_memory_capacity_bytes{device=\"0\",device_name=\"n300\",memory=\"L1\"}") ==
          std::to_string(120 * kMB));
    CHECK_MESSAGE(!has_prefix(series, "tidemark_memory_capacity_bytes{device=\"host\""),
                  "an unknown capacity has no series");
    CHECK(series.at("tidemark_collector_events_total") == "10012345");
    CHECK(series.at("tidemark_lost_events_total{cause=\"full\",event=\"free\"}") == "0");
}

TEST_CASE("losses are told by cause, events and bytes apart") {
    model::Snapshot snapshot = busy("mloss");
    snapshot.collector.counters->lost.allocations[TIDEMARK_LOSS_FULL] = 3;
    snapshot.collector.counters->lost.frees[TIDEMARK_LOSS_FULL] = 4;
    snapshot.collector.counters->lost.bytes[TIDEMARK_LOSS_FULL] = 5;
    const auto series = series_of(snapshot);
    CHECK(series.at("tidemark_lost_events_total{cause=\"full\",event=\"allocation\"}") == "3");
    CHECK(series.at("tidemark_lost_events_total{cause=\"full\",event=\"free\"}") == "4");
    CHECK(series.at("tidemark_lost_bytes_total{cause=\"full\"}") == "5");
}

TEST_CASE("a program that exited has no series") {
    const std::string text = metrics_text(busy("mgone"), {}, {true, true});
    CHECK(text.find("leaky") == std::string::npos);
    CHECK(text.find("pid=\"777\"") == std::string::npos);
    CHECK(text.find("pid=\"31337\"") != std::string::npos);
}

TEST_CASE("programs with the same labels are one series, with the pid they are each their own") {
    const std::string labels =
        "device=\"0\",memory=\"DRAM\",pool=\"DRAM\",user=\"ada\",command=\"train\"";
    const auto series = series_of(two_alike());
    CHECK(series.at("tidemark_processes{user=\"ada\",command=\"train\"}") == "2");
    CHECK(series.at("tidemark_process_current_bytes{" + labels + "}") == "107");
    CHECK(series.at("tidemark_process_peak_bytes{" + labels + "}") == "101");
    CHECK(series.at("tidemark_process_live_buffers{" + labels + "}") == "4");
    const auto apart = series_of(two_alike(), {}, {true, true});
    CHECK(apart.at("tidemark_process_current_bytes{" + labels + ",pid=\"10\"}") == "100");
    CHECK(apart.at("tidemark_process_current_bytes{" + labels + ",pid=\"11\"}") == "7");
}

TEST_CASE("one inexact program makes its series inexact") {
    model::Snapshot snapshot = two_alike();
    snapshot.processes[1].exact = false;
    snapshot.processes[1].lost.frees[TIDEMARK_LOSS_NO_LANE] = 9;
    const auto series = series_of(snapshot);
    CHECK(series.at("tidemark_process_exact{user=\"ada\",command=\"train\"}") == "0");
    CHECK(series.at("tidemark_process_lost_events{user=\"ada\",command=\"train\"}") == "9");
}

TEST_CASE("workloads tell programs of the same name apart") {
    const auto series = series_of(two_alike(), {{2, {"ai.service", "c0", "p0"}}});
    CHECK(series.at("tidemark_processes{user=\"ada\",command=\"train\"}") == "1");
    CHECK(series.at("tidemark_processes{user=\"ada\",command=\"train\",unit=\"ai.service\","
                    "container=\"c0\",pod=\"p0\"}") == "1");
}

TEST_CASE("without processes devices stay") {
    const auto series = series_of(busy("mno"), {}, {false, false});
    CHECK(!has_prefix(series, "tidemark_process"));
    CHECK(has_prefix(series, "tidemark_pool_current_bytes{"));
}

TEST_CASE("pools whose names look alike once they are printable are one series") {
    model::Snapshot snapshot = two_alike();
    for (const char* name : {"a\x01", "a\x02"}) {
        model::PoolUsage usage;
        usage.pool = 16;
        usage.pool_name = name;
        usage.current = 5;
        snapshot.devices[0].pools.push_back(usage);
    }
    CHECK(series_of(snapshot).at(
              "tidemark_pool_current_bytes{device=\"0\",memory=\"DRAM\",pool=\"a?\"}") == "10");
}

TEST_CASE("figures that nobody keeps up to date are not told as if they were of now") {
    for (const auto state : {model::CollectorState::kStalled, model::CollectorState::kStopped,
                             model::CollectorState::kSuperseded}) {
        model::Snapshot snapshot = busy("mold");
        snapshot.collector.state = state;
        const auto series = series_of(snapshot);
        CHECK(series.at("tidemark_up") == "0");
        CHECK(series.contains("tidemark_collector_heartbeat_age_seconds"));
        CHECK(!has_prefix(series, "tidemark_pool_"));
        CHECK(!has_prefix(series, "tidemark_memory_"));
        CHECK(!has_prefix(series, "tidemark_process"));
    }
    model::Snapshot never;
    never.collector.state = model::CollectorState::kNone;
    CHECK(series_of(never).size() == 2);
}

TEST_CASE("sensors are told in base units, with the driver's number where the device is unknown") {
    model::Snapshot snapshot = busy("msens");
    model::Hardware hardware;
    sensors::Reading card;
    card.source = {sensors::Kind::kTenstorrent, 0};
    card.temperature_c = 61.5;
    card.utilization_percent = 25;
    card.clock_mhz = 1000;
    hardware.readings[0] = card;
    sensors::Reading free;
    free.source = {sensors::Kind::kNvidia, 3};
    free.memory_used = 5 * kMB;
    hardware.unassigned.push_back(free);
    snapshot.hardware = hardware;
    const auto series = series_of(snapshot);
    const std::string labels = "{device=\"0\",device_name=\"n300\",sensor=\"tenstorrent:0\"}";
    CHECK(series.at("tidemark_device_temperature_celsius" + labels) == "61.5");
    CHECK(series.at("tidemark_device_utilization_ratio" + labels) == "0.25");
    CHECK(series.at("tidemark_device_clock_hertz" + labels) == "1000000000");
    CHECK(!has_prefix(series, "tidemark_device_power_watts"));
    CHECK(series.at("tidemark_device_driver_used_bytes{sensor=\"nvidia:3\"}") ==
          std::to_string(5 * kMB));
}

TEST_CASE("what tt-metal's regions alone tell stands by itself") {
    model::Snapshot snapshot = two_alike();
    model::Region region;
    region.region = 42;
    region.pid = 5;
    region.name = "demo";
    region.dram = 77;
    snapshot.regions.push_back(region);
    region.instrumented = true;
    snapshot.regions.push_back(region);
    const auto series = series_of(snapshot);
    CHECK(series.at("tidemark_region_current_bytes{device=\"0\",pool=\"DRAM\",region=\"42\","
                    "command=\"demo\",of=\"program\"}") == "77");
}

TEST_CASE("query writes the metrics once, and into a file that takes the old one's place at once") {
    test::FakeCollector collector("mquery");
    test::a_busy_machine(collector);
    const std::vector<std::string> query = {"query", "--format", "prometheus", "--instance",
                                            collector.instance()};
    const test::Ran shown = test::run_tidemark(query);
    CHECK(shown.status == 0);
    CHECK(series_of(shown.out).at("tidemark_up") == "1");
    const std::string folder = test::scratch_path("textfile");
    std::filesystem::create_directory(folder);
    const std::string file = folder + "/tidemark.prom";
    std::vector<std::string> to_file = query;
    to_file.insert(to_file.end(), {"-o", file});
    CHECK(test::run_tidemark(to_file).status == 0);
    const test::Ran refused = test::run_tidemark(to_file);
    CHECK(refused.status == 2);
    CHECK(refused.err.find("-f") != std::string::npos);
    std::ofstream old(file);  // a reader that opened the old file goes on reading the old one
    const auto inode = [&] {
        struct stat about {};
        REQUIRE(::stat(file.c_str(), &about) == 0);
        return about.st_ino;
    };
    const auto before = inode();
    to_file.push_back("-f");
    CHECK(test::run_tidemark(to_file).status == 0);
    CHECK(inode() != before);
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    CHECK(series_of(text.str()).at("tidemark_up") == "1");
    const auto files = std::distance(std::filesystem::directory_iterator(folder), {});
    CHECK_MESSAGE(files == 1, "nothing else is left in the folder");
    std::filesystem::remove_all(folder);
}

TEST_CASE("query says that no collector runs in its status and in the metrics") {
    const test::Ran ran = test::run_tidemark(
        {"query", "--format", "prometheus", "--instance", "nobody-has-this-name"});
    CHECK(ran.status == 3);
    CHECK(series_of(ran.out).at("tidemark_up") == "0");
}

TEST_CASE("flags of the metrics are refused elsewhere") {
    CHECK(test::run_tidemark({"query", "--json", "--pid-label"}).status == 2);
    CHECK(test::run_tidemark({"query", "--csv", "--no-processes"}).status == 2);
    CHECK(test::run_tidemark({"query", "--format", "prometheus", "--log", "x.csv"}).status == 2);
}
