// SPDX-License-Identifier: Apache-2.0
//
// tt-metal's shared regions beside a real collector: published and marked, never added to what programs tell themselves,
// and written on request.
#include <nlohmann/json.hpp>

#include "tests/process/gateway_world.hpp"
#include "tests/process/tt_region.hpp"

using namespace tidemark::test;

namespace {

std::string output_of(const Words& words) {
    int status = -1;
    std::string text = tidemark::test::output_of(words, status);
    CHECK(status == 0);
    return text;
}

std::vector<tidemark_region_row> region_rows(const std::string& instance) {
    return read_stats(instance).all<tidemark_region_row>();
}

std::optional<tidemark_region_row> process_in_region(const std::string& instance, pid_t pid) {
    for (const auto& row : region_rows(instance))
        if (row.kind == TIDEMARK_REGION_PROCESS && row.pid == pid) return row;
    return std::nullopt;
}

}  // namespace

TEST_CASE(
    "a process that only tt-metal's region knows is shown, one that tells itself is marked, and "
    "sums stay") {
    const OwnFolder folder;
    TtRegion region(4, 0);
    region.put_chip(0, 0, false, 700);
    region.put_process(0, getpid(), {700, 1, 2, 3, 4}, "silent");
    region.write(TtRegion::path(folder / "", 4711));
    const GatewayWorld world({"--tt-shm-root", folder / ""});
    REQUIRE(comes_true([&] { return process_in_region(world.instance.name(), getpid()); }));
    const auto silent = process_in_region(world.instance.name(), getpid());
    CHECK(silent->instrumented == 0);
    CHECK(silent->dram == 700);
    CHECK(region_rows(world.instance.name()).size() == 2);

    Script script("run", {"1"}, world.instance.tracked());
    REQUIRE(script.arrived(1));
    region.put_process(1, script.pid(), {100, 0, 0, 0, 0}, "telling");
    region.write(TtRegion::path(folder / "", 4711));
    CHECK(comes_true([&] {
        const auto row = process_in_region(world.instance.name(), script.pid());
        return row && row->instrumented == 1;
    }));
    const auto usage = usage_of(world.instance.name(), std::uint32_t{0});
    REQUIRE(usage);
    CHECK(usage->current == script_usage(1).current);  // its own events alone
    const std::string table = output_of({built("tidemark"), "--instance", world.instance.name()});
    CHECK(table.find("silent") != std::string::npos);
    CHECK(table.find("from tt-metal's shared regions, in no sum above") != std::string::npos);
    CHECK(table.find("telling") == std::string::npos);
    const auto json = nlohmann::json::parse(
        output_of({built("tidemark"), "query", "--json", "--instance", world.instance.name()}));
    REQUIRE(json.at("regions").size() == 3);
    CHECK(json.at("regions")[1].at("pools").at("DRAM") == 700);
    CHECK(json.at("regions")[2].at("instrumented") == true);
    // The same in Python: a script that nobody has to change when the layout grows.
    const std::string python =
        output_of({"/usr/bin/python3", "-c",
                   "import sys; sys.path.insert(0, sys.argv[1]); import tidemark\n"
                   "for r in tidemark.regions(instance=sys.argv[2]):\n"
                   "    print(r['region'], r['device'], r['pid'] == int(sys.argv[3]), r['name'], "
                   "r['instrumented'], r['dram'])",
                   TIDEMARK_PYTHON_PACKAGE, world.instance.name(), std::to_string(getpid())});
    CHECK(python.starts_with("4711 0 False None False 700\n"));
    CHECK(python.find("\n4711 0 True silent False 700\n") != std::string::npos);
    CHECK(python.find("\n4711 0 False telling True 100\n") != std::string::npos);
    std::filesystem::remove(TtRegion::path(folder / "", 4711));
    CHECK(comes_true([&] { return region_rows(world.instance.name()).empty(); }));
}

TEST_CASE(
    "on request the figures are written as a region, which another collector does not take for a "
    "source") {
    const OwnFolder folder;
    const std::string path = TtRegion::path(folder / "", 2);
    {
        GatewayWorld world({"--export-tt-shm", "--tt-shm-root", folder / ""});
        OlderClient client(world.path);
        CHECK(client.tell("alloc 2 0 1 1000") == "ok");
        CHECK(client.tell("alloc 2 1 2 50") == "ok");
        CHECK(client.tell("cb 2 3 7") == "ok");
        REQUIRE(comes_true([&] { return TtRegion::read(path).get<std::uint64_t>(80) == 7; }));
        const TtRegion region = TtRegion::read(path);
        CHECK(region.get<std::uint32_t>(0) == 4);
        CHECK(region.get<std::uint32_t>(4) == 1);
        CHECK(region.get<std::uint32_t>(40) == 2);
        CHECK(region.get<std::uint64_t>(48) == 1000);
        CHECK(region.get<std::uint64_t>(56) == 50);
        CHECK(region.get<std::uint32_t>(88) == 2);
        CHECK(region.get<std::uint64_t>(96) == 1000);
        CHECK(region.get<std::int32_t>(856) == client.pid());
        CHECK(region.get<std::uint64_t>(864) == 1000);
        CHECK(region.get<std::uint64_t>(896) == 7);
        CHECK(region.get<std::uint32_t>(8536) == 0x52454459);
        CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::all) ==
              (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
        CHECK(region_rows(world.instance.name()).empty());
        client.kill();
        CHECK(comes_true([&] { return TtRegion::read(path).get<std::uint64_t>(48) == 0; }));
        world.collector->signal(SIGTERM);
        CHECK(world.collector->wait() == 0);
    }
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a region that tt-metal made is not written over") {
    const OwnFolder folder;
    const std::string path = TtRegion::path(folder / "", 0);
    TtRegion theirs(4, 0);
    theirs.put<std::uint64_t>(48, 12345);
    theirs.write(path);
    const GatewayWorld world({"--export-tt-shm", "--tt-shm-root", folder / ""});
    const OlderClient client(world.path);
    CHECK(client.tell("alloc 0 0 1 1000") == "ok");
    CHECK(client.tell("alloc 1 0 1 1000") == "ok");
    REQUIRE(comes_true([&] {
        return TtRegion::read(TtRegion::path(folder / "", 1)).get<std::uint64_t>(48) == 1000;
    }));
    CHECK(TtRegion::read(path).get<std::uint64_t>(48) == 12345);
}
