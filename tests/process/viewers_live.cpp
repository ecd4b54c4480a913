// SPDX-License-Identifier: Apache-2.0
//
// The viewers and the examples beside a real collector and a program whose events are known: what a person and an older
// script see of it.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/process/ran.hpp"
#include "tests/process/script_world.hpp"
#include "unit/sensors/fake_machine.hpp"

using namespace tidemark::test;
using Json = nlohmann::json;

namespace {

constexpr std::uint64_t kEvents = 1000;

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

// A collector, a machine with one card, and a program that has done its events and holds the card open.
struct World {
    World()
        : collector(instance.name()), script("run", {std::to_string(kEvents)}, instance.tracked()) {
        machine.add_card(0, "n300", "wormhole", "0x401e");
        machine.add_host();
        REQUIRE(script.arrived(1));
        REQUIRE(comes_true([this] {
            const auto usage = usage_of(instance.name());
            return usage && usage->allocations + usage->frees == kEvents;
        }));
        REQUIRE(comes_true([this] {
            const auto process = process_of(instance.name(), script.pid());
            return process && process->name[0] != '\0';
        }));
        REQUIRE(comes_true([this] {
            return row_where<tidemark_memory_row>(
                       read_stats(instance.name()),
                       [&](const auto& r) { return r.device == 0 && r.allocated == allocated(); })
                .has_value();
        }));
    }
    Words tidemark(Words words) const {
        words.insert(words.begin(), built("tidemark"));
        words.insert(words.end(), {"--instance", instance.name(), "--sysfs-root", machine.root()});
        return words;
    }
    std::uint64_t allocated() const { return script_usage(kEvents).current; }

    OwnInstance instance;
    FakeMachine machine;
    Collector collector;
    Script script;
};

const Json& device_0(const Json& document) {
    for (const Json& device : document.at("devices"))
        if (device.at("device") == 0) return device;
    FAIL("device 0 is not there");
    return document;
}

}  // namespace

TEST_CASE("smi shows the program, what it holds, and the card's sensors in one picture") {
    World world;
    world.machine.hold(0, std::to_string(world.script.pid()) + "\n4194305\n");
    const Ran ran = run(world.tidemark({"smi", "--json", "--compare-kernel"}));
    CHECK(ran.status == 0);
    const Json document = Json::parse(ran.out);
    const Json& device = device_0(document);
    CHECK(device["name"] == "n300");
    CHECK(device["sensors"]["temperature_c"] == 45.25);
    CHECK(device["memories"][0]["allocated"] == world.allocated());
    CHECK(device["memories"][0]["capacity"] == 12ull << 30);
    REQUIRE(device["kernel_processes"].size() == 2);
    CHECK(device["kernel_processes"][0]["pid"] == world.script.pid());
    CHECK(device["kernel_processes"][0]["instrumented"] == true);
    CHECK(device["kernel_processes"][1]["instrumented"] == false);
    const Ran table = run(world.tidemark({"smi", "--nounits"}));
    CHECK(table.status == 0);
    CHECK(holds(table.out, "ledger_script"));
    CHECK(holds(table.out, std::to_string(world.allocated())));
}

TEST_CASE(
    "a collector that is killed leaves its figures, its successor takes over, and a stop is told") {
    World world;
    world.collector.kill();
    CHECK(device_0(Json::parse(
              run(world.tidemark({"smi", "--json"})).out))["memories"][0]["allocated"] ==
          world.allocated());
    {
        const Collector next(world.instance.name());
        const Ran ran = run(world.tidemark({"smi", "--json"}));
        CHECK(ran.status == 0);
        CHECK(Json::parse(ran.out)["collector"]["state"] == "running");
        next.signal(SIGTERM);
        CHECK(comes_true([&] {
            return read_stats(world.instance.name()).state() == TIDEMARK_COLLECTOR_STOPPED;
        }));
    }
    const Ran ran = run(world.tidemark({"smi"}));
    CHECK(ran.status == 3);
    CHECK(holds(ran.out, "collector stopped"));
    CHECK(holds(ran.out, "45 °C"));
}

TEST_CASE("the older client's command, as a script types it, sees all processes") {
    World world;
    Words words = world.tidemark({"-d", "0", "-s", "--nounits"});
    words[0] = built("allocation_monitor_client");
    const Ran ran = run(words);
    CHECK(ran.status == 0);
    CHECK(holds(ran.out, "Seeing all tracked processes, through the collector with pid " +
                             std::to_string(world.collector.pid())));
    CHECK(holds(ran.out, std::to_string(world.allocated()) + " / 12884901888"));
    const LedgerUsage usage = script_usage(kEvents);
    CHECK(holds(ran.out, "Active buffers " + std::to_string(usage.live) + "   Total allocations " +
                             std::to_string(usage.allocations) + "   Total frees " +
                             std::to_string(usage.frees)));
}

TEST_CASE("the extractor that nvtop would call gives the device, its memory and its process") {
    World world;
    const Ran ran = run({built("example.nvtop_extract"), world.instance.name()});
    CHECK(ran.status == 0);
    CHECK(holds(ran.out, "device 0 N/A: used " + std::to_string(world.allocated()) +
                             " of N/A bytes\n  pid " + std::to_string(world.script.pid()) + ": " +
                             std::to_string(world.allocated()) + " bytes\n"));
    CHECK(run({built("example.nvtop_extract"), world.instance.name() + "-none"}).status == 3);
    world.script.go(1);
    world.script.wait();
    CHECK(comes_true([&] {
        return !holds(run({built("example.nvtop_extract"), world.instance.name()}).out, "  pid ");
    }));
}

TEST_CASE("the watcher prints a line when what is allocated changes, and only then") {
    World world;
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const pid_t watcher =
        start({built("example.watch"), "0", world.instance.name(), "2"}, {}, ends[1]);
    close(ends[1]);
    const std::string first =
        "device 0: DRAM " + std::to_string(world.allocated()) + " bytes, L1 N/A bytes\n";
    std::string text(first.size(), '\0');
    for (std::size_t have = 0; have < text.size();) {
        const ssize_t size = read(ends[0], text.data() + have, text.size() - have);
        REQUIRE(size > 0);
        have += static_cast<std::size_t>(size);
    }
    CHECK(text == first);
    Script another("run", {"4"}, world.instance.tracked());
    CHECK(wait_until_ended(watcher) == 0);
    char rest[256];
    const ssize_t size = read(ends[0], rest, sizeof rest);
    close(ends[0]);
    REQUIRE(size > 0);
    CHECK(std::string_view(rest, static_cast<std::size_t>(size)).starts_with("device 0: DRAM "));
}
