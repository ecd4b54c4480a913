// SPDX-License-Identifier: Apache-2.0
//
// Sensors beside the collector's figures: which belong to which device, what they add, and what stays unknown.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "unit/viewers/fake_collector.hpp"
#include "viewers/model/breakdown.hpp"
#include "viewers/model/filter.hpp"
#include "viewers/model/hardware.hpp"
#include "viewers/model/snapshot_json.hpp"

using namespace tidemark;
using sensors::Kind;
using Json = nlohmann::json;

namespace {

constexpr std::uint64_t kMB = 1024 * 1024;

model::Snapshot busy() {
    test::FakeCollector collector("hw");
    test::a_busy_machine(collector);
    model::SourceOptions options;
    options.instance = collector.instance();
    model::StatsSource::Error error;
    auto source = model::StatsSource::open(options, error);
    REQUIRE_MESSAGE(source.has_value(), error.text);
    return source->read();
}

sensors::Reading card(Kind kind, std::uint32_t index, const char* type = nullptr) {
    sensors::Reading reading;
    reading.source = {kind, index};
    if (type != nullptr) {
        reading.card_type = type;
        reading.name = "Wormhole";
    }
    return reading;
}

std::vector<sensors::Reading> some_cards() {
    return {card(Kind::kTenstorrent, 0, "n300"), card(Kind::kTenstorrent, 5, "n150"),
            card(Kind::kNvidia, 0), card(Kind::kHost, 0)};
}

const model::Device& device_of(const model::Snapshot& snapshot, std::uint32_t number) {
    for (const model::Device& device : snapshot.devices) {
        if (device.device == number) {
            return device;
        }
    }
    FAIL("no such device");
    return snapshot.devices.front();
}

Json json_of(const model::Snapshot& snapshot) {
    return Json::parse(model::dump(model::to_json(snapshot), -1));
}

}  // namespace

TEST_CASE(
    "a Tenstorrent card has its device's number; an NVIDIA card is no device of its own accord") {
    const model::Hardware hardware = model::assign(some_cards(), {});
    CHECK(hardware.readings.size() == 3);
    CHECK(hardware.readings.at(5).card_type == "n150");
    CHECK(hardware.readings.contains(TIDEMARK_DEVICE_HOST));
    REQUIRE(hardware.unassigned.size() == 1);
    CHECK(hardware.unassigned[0].source.kind == Kind::kNvidia);
}

TEST_CASE("whose sensors a device has can be said, and nobody's as well") {
    const model::Hardware hardware =
        model::assign(some_cards(), {{0, sensors::Source{Kind::kNvidia, 0}},
                                     {5, std::nullopt},
                                     {7, sensors::Source{Kind::kTenstorrent, 5}}});
    CHECK(hardware.readings.at(0).source.kind == Kind::kNvidia);
    CHECK(hardware.readings.at(7).card_type == "n150");
    CHECK_FALSE(hardware.readings.contains(5));
    // Displaced, so it is nobody's now.
    REQUIRE(hardware.unassigned.size() == 1);
    CHECK(hardware.unassigned[0].card_type == "n300");
}

TEST_CASE("capacities that were told win over the card's type, which wins over unknown") {
    model::Snapshot snapshot = busy();
    model::complete(snapshot, model::assign(some_cards(), {}));
    const model::Device& told = device_of(snapshot, 0);
    CHECK(told.memories[1].capacity == 120 * kMB);
    const model::Device& found = device_of(snapshot, 5);
    CHECK(found.name == "n150");
    CHECK(found.arch == 2);
    REQUIRE(found.memories.size() == 2);
    CHECK(found.memories[0].capacity == 12288 * kMB);
    CHECK(found.memories[1].capacity == 72ull * 1499136);
    CHECK(device_of(snapshot, 1).name == std::nullopt);
    CHECK_FALSE(device_of(snapshot, TIDEMARK_DEVICE_HOST).memories[0].capacity);
    // Sorted again: the host stays last.
    CHECK(snapshot.devices.back().device == TIDEMARK_DEVICE_HOST);
}

TEST_CASE(
    "a device without rows has nothing allocated, unless events were lost: then it is unknown") {
    model::Snapshot whole = busy();
    model::complete(whole, model::assign(some_cards(), {}));
    CHECK(device_of(whole, 5).memories[0].allocated == 0);
    model::Snapshot lossy = busy();
    lossy.collector.counters->lost.allocations[TIDEMARK_LOSS_FULL] = 1;
    model::complete(lossy, model::assign(some_cards(), {}));
    CHECK_FALSE(device_of(lossy, 5).memories[0].allocated);
    model::Snapshot none;
    none.collector.state = model::CollectorState::kNone;
    model::complete(none, model::assign(some_cards(), {}));
    CHECK_FALSE(device_of(none, 0).memories[0].allocated);
    CHECK(device_of(none, 0).memories[0].capacity == 12288 * kMB);
}

TEST_CASE("L1 is split without counting a pool twice, and its parts sum to the memory") {
    model::Snapshot snapshot = busy();
    model::Device& device = snapshot.devices[0];
    const auto add = [&](std::uint32_t pool, std::uint64_t size, bool exact) {
        model::PoolUsage usage;
        usage.pool = pool;
        usage.memory = TIDEMARK_MEMORY_L1;
        usage.current = size;
        usage.exact = exact;
        device.pools.push_back(usage);
        *device.memories[1].allocated += size;
    };
    add(TIDEMARK_POOL_L1_SMALL, 1 * kMB, true);
    add(TIDEMARK_POOL_CB, 3 * kMB, true);
    add(20, 5 * kMB, false);
    const auto memories = model::breakdown(snapshot, device);
    REQUIRE(memories.size() == 2);
    CHECK(memories[0].parts.empty());
    CHECK(memories[0].total.exact);
    REQUIRE(memories[1].parts.size() == 4);
    CHECK(memories[1].parts[0].allocated == 13 * kMB);
    CHECK(memories[1].parts[1].allocated == 3 * kMB);
    CHECK(memories[1].parts[2].allocated == 0);
    CHECK(memories[1].parts[3].allocated == 5 * kMB);
    CHECK(memories[1].total.allocated == 21 * kMB);
    CHECK_FALSE(memories[1].parts[3].exact);
    CHECK_FALSE(memories[1].total.exact);
}

TEST_CASE(
    "kernels that were never seen are unknown once events were lost, and left out behind a "
    "filter") {
    model::Snapshot snapshot = busy();
    snapshot.collector.counters->lost.frees[TIDEMARK_LOSS_NO_LANE] = 1;
    CHECK_FALSE(model::breakdown(snapshot, snapshot.devices[0])[1].parts[2].allocated);
    model::Filter filter;
    filter.pools = {"L1"};
    model::apply(filter, snapshot);
    CHECK(model::breakdown(snapshot, snapshot.devices[0])[1].parts.empty());
}

TEST_CASE("a process's pools stand side by side, none within another") {
    model::Snapshot snapshot = busy();
    model::Process& trainer = snapshot.processes[2];
    model::PoolUsage trace = trainer.usage[0];
    trace.pool = TIDEMARK_POOL_TRACE;
    trace.current = 2 * kMB;
    trainer.usage.push_back(trace);
    const model::ProcessPools pools = model::process_pools(trainer, 0);
    CHECK(pools.dram.allocated == 450 * kMB);
    CHECK(pools.l1.allocated == 12 * kMB);
    CHECK(pools.cb.allocated == 0);
    CHECK(pools.other.allocated == 2 * kMB);
    trainer.exact = false;
    CHECK_FALSE(model::process_pools(trainer, 0).cb.allocated);
}

TEST_CASE("the kernel's list and the tracked processes are put side by side by pid") {
    model::Snapshot snapshot = busy();
    sensors::Holders holders{true, "", {{900, 3, "infer"}, {555, 1, "other"}}};
    const model::KernelComparison comparison = model::compare(snapshot, 0, holders);
    REQUIRE(comparison.rows.size() == 3);
    CHECK(comparison.rows[0].pid == 555);
    CHECK_FALSE(comparison.rows[0].instrumented);
    // Holds device 0 open, and is tracked, though it allocated elsewhere only.
    CHECK(comparison.rows[1].pid == 900);
    CHECK(comparison.rows[1].instrumented);
    CHECK(comparison.rows[1].handles == 3);
    CHECK(comparison.rows[2].pid == 31337);
    CHECK(comparison.rows[2].handles == 0);
    CHECK(comparison.rows[2].instrumented);
}

TEST_CASE("JSON has every key of sensors, null for unknown, and none where no sensors were read") {
    model::Snapshot snapshot = busy();
    CHECK_FALSE(json_of(snapshot)["devices"][0].contains("sensors"));
    CHECK_FALSE(json_of(snapshot).contains("unassigned_sensors"));
    model::complete(snapshot, model::assign(some_cards(), {}));
    snapshot.kernel.push_back({0, "", {{900, "infer", 2, true}}});
    snapshot.kernel.push_back({1, "cannot be read", {}});
    const Json document = json_of(snapshot);
    const Json& sensors = document["devices"][0]["sensors"];
    CHECK(sensors["source"] == "tenstorrent:0");
    CHECK(sensors["card_type"] == "n300");
    for (const char* key :
         {"serial", "pci", "temperature_c", "power_w", "voltage_v", "utilization_percent",
          "clock_mhz", "fan_rpm", "memory_used", "memory_total"}) {
        CAPTURE(key);
        CHECK(sensors.at(key).is_null());
    }
    CHECK(document["devices"][1]["sensors"].is_null());
    CHECK(document["unassigned_sensors"].size() == 1);
    CHECK(document["devices"][0]["kernel_processes"][0] ==
          Json{{"pid", 900}, {"name", "infer"}, {"handles", 2}, {"instrumented", true}});
    CHECK(document["devices"][1]["kernel_processes"].is_null());
}

TEST_CASE("without a collector JSON says null for all that only it knows") {
    model::Snapshot none;
    none.collector.state = model::CollectorState::kNone;
    none.collector.instance = "x";
    const Json collector = json_of(none)["collector"];
    for (const char* key : {"pid", "state", "events", "lost", "generation", "heartbeat_age_ms"}) {
        CAPTURE(key);
        CHECK(collector.at(key).is_null());
    }
}
