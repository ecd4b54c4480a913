// SPDX-License-Identifier: Apache-2.0
//
// docs/metrics.md against what is really written: a snapshot in which everything is known gives every metric, with
// every label, and the document's tables name just these.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "viewers/cli/run_metrics.hpp"
#include "viewers/export/metrics.hpp"

using namespace tidemark;

namespace {

// "gauge", and the names of its labels.
using Known = std::map<std::string, std::pair<std::string, std::set<std::string>>>;

model::PoolUsage pool() {
    model::PoolUsage usage;
    usage.pool_name = "DRAM";
    return usage;
}

model::Process program() {
    model::Process made;
    made.image = 1;
    made.pid = 2;
    made.user = "ada";
    made.name = "train";
    made.usage = {pool()};
    return made;
}

model::Hardware every_sensor() {
    sensors::Reading card;
    card.name = "card";
    card.temperature_c = card.power_w = card.voltage_v = 1.0;
    card.utilization_percent = card.clock_mhz = card.fan_rpm = card.memory_used =
        card.memory_total = 1;
    model::Hardware hardware;
    hardware.readings[0] = card;
    return hardware;
}

model::Snapshot all_known() {
    model::Snapshot snapshot;
    snapshot.time_unix_ns = 1;
    snapshot.collector.instance = "x";
    snapshot.collector.state = model::CollectorState::kRunning;
    snapshot.collector.heartbeat_age_ms = 1;
    snapshot.collector.created_unix_ns = 1;
    snapshot.collector.counters.emplace();
    model::Device device;
    device.name = "n300";
    device.arch = 2;
    device.memories = {{0, 1, 1}};
    device.pools = {pool()};
    snapshot.devices = {device};
    snapshot.processes = {program()};
    model::Region region;
    region.pid = 3;
    region.name = "demo";
    snapshot.regions = {region};
    snapshot.hardware = every_sensor();
    return snapshot;
}

std::string everything() {
    const model::Snapshot snapshot = all_known();
    cli::RunResult run;
    run.snapshot = snapshot;
    cli::PoolResult result;
    result.usage = pool();
    return exporter::metrics_text(snapshot, {{1, {"a.service", "c", "p"}}}, {true, true}) +
           cli::run_metrics(run, {result}, 0, "job");
}

Known written() {
    Known found;
    std::istringstream lines(everything());
    const std::regex label("([a-z_]+)=\"");
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# TYPE ")) {
            const std::size_t blank = line.find(' ', 7);
            found[line.substr(7, blank - 7)].first = line.substr(blank + 1);
        } else if (line[0] != '#') {
            auto& labels = found.at(line.substr(0, line.find_first_of("{ "))).second;
            for (std::sregex_iterator at(line.begin(), line.end(), label), end; at != end; ++at) {
                labels.insert((*at)[1]);
            }
        }
    }
    return found;
}

Known documented() {
    const char* root = std::getenv("TIDEMARK_SOURCE_DIR");
    REQUIRE(root != nullptr);
    std::ifstream file(std::string(root) + "/docs/metrics.md");
    REQUIRE(file.good());
    Known found;
    const std::regex row(R"(\| `(tidemark_\w+)` \| (\w+) \| ([^|]*)\| .*)");
    const std::regex label("`(\\w+)`");
    for (std::string line; std::getline(file, line);) {
        std::smatch match;
        if (std::regex_match(line, match, row)) {
            const std::string labels = match[3];
            auto& metric = found[match[1]];
            CHECK_MESSAGE(metric.first.empty(), match[1].str(), " is documented twice");
            metric.first = match[2];
            for (std::sregex_iterator at(labels.begin(), labels.end(), label), end; at != end;
                 ++at) {
                metric.second.insert((*at)[1]);
            }
        }
    }
    return found;
}

}  // namespace

TEST_CASE("docs/metrics.md names every metric with its type and labels, and no other") {
    const Known in_text = written();
    const Known in_document = documented();
    CHECK(in_text.size() > 60);
    for (const auto& [name, known] : in_text) {
        CAPTURE(name);
        REQUIRE_MESSAGE(in_document.contains(name), "not documented");
        CHECK(in_document.at(name).first == known.first);
        CHECK(in_document.at(name).second == known.second);
    }
    for (const auto& [name, known] : in_document) {
        CHECK_MESSAGE(in_text.contains(name), name, " is documented and never written");
    }
}

TEST_CASE("the label of a run is its file's name, which ends in .prom") {
    CHECK(cli::run_label("/var/lib/node/nightly.prom") == "nightly");
    CHECK(cli::run_label("a.b.prom") == "a.b");
    for (const char* wrong : {"nightly", "nightly.txt", "/x/.prom", ".prom", "a.prom/b"}) {
        CAPTURE(wrong);
        CHECK_THROWS(cli::run_label(wrong));
    }
}

TEST_CASE("a run that nobody could track tells no figures of memory") {
    const std::string text = cli::run_metrics({}, {}, 0, "job");
    CHECK(text.find("tidemark_run_tracked{run=\"job\"} 0\n") != std::string::npos);
    CHECK(text.find("tidemark_run_pool") == std::string::npos);
    CHECK(text.find("tidemark_run_lost") == std::string::npos);
}
