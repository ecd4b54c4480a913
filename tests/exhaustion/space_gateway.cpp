// SPDX-License-Identifier: Apache-2.0
//
// Socket clients and exported regions when nothing is left of /dev/shm: clients are served and answered as ever, what they
// sent meanwhile is counted as lost, also of one that is gone before there is space, and nobody sees half a region.
#include "tests/exhaustion/host.hpp"
#include "tests/exhaustion/small_shm.hpp"
#include "tests/exhaustion/viewer.hpp"
#include "tests/process/gateway_world.hpp"
#include "tests/process/tt_region.hpp"

using namespace tidemark::test;

namespace {

constexpr std::uint64_t kSmall = 64 << 20;

std::uint64_t lost_by_all(const std::string& instance) {
    return collector_of(instance).lost_allocations[TIDEMARK_LOSS_NO_SPACE];
}

}  // namespace

TEST_CASE(
    "a socket client is served while there is no space for its ring, and tracked once there is") {
    SmallShm shm(kSmall);
    GatewayWorld world;
    REQUIRE(shm.leave(0));
    const OlderClient client(world.path);
    CHECK(client.tell("many 0 1000") == "ok");
    CHECK(client.tell("free 0 1000") == "ok");
    CHECK(ask(world.path, 0).dram == 0);
    CHECK_FALSE(world.collector->has_ended());
    shm.release();
    CHECK(comes_true([&] {
        client.tell("alloc 0 0 7 100");
        client.tell("free 0 7");
        return world.client_row(client.pid()).has_value();
    }));
    const auto row = world.client_row(client.pid());
    CHECK(row->lost_allocations[TIDEMARK_LOSS_NO_SPACE] >= 1000);
    CHECK(row->lost_frees[TIDEMARK_LOSS_NO_SPACE] >= 1);
    CHECK(row->exact == 0);
    CHECK(client.tell("alloc 0 0 8 100") == "ok");
    CHECK(ask(world.path, 0).dram == 100);
}

TEST_CASE(
    "what a socket client lost that ended before there was space is in the collector's sums") {
    SmallShm shm(kSmall);
    GatewayWorld world;
    REQUIRE(shm.leave(0));
    {
        OlderClient client(world.path);
        CHECK(client.tell("many 0 1000") == "ok");
        CHECK(client.tell("alloc 0 0 7 100") == "ok");
        ask(world.path, 0);  // all that was sent before is taken
    }
    CHECK(comes_true([&] { return lost_by_all(world.instance.name()) == 1001; }));
    shm.release();
    world.collector->kill();
    world.collector = std::make_unique<Collector>(world.instance.name());
    CHECK(lost_by_all(world.instance.name()) == 1001);
    CHECK(query(world.instance.name()).at("collector").at("lost").at("no_space").at("bytes") ==
          10'100);
}

TEST_CASE("more clients than there is space for are served, those that have a ring exactly") {
    SmallShm shm(kSmall);
    GatewayWorld world;
    REQUIRE(shm.leave(80 * kPageBytes));
    std::vector<std::unique_ptr<OlderClient>> clients;
    for (int i = 0; i < 6; ++i) {
        clients.push_back(std::make_unique<OlderClient>(world.path));
        CHECK(clients.back()->tell("many 0 200") == "ok");
    }
    ask(world.path, 0);
    CHECK_FALSE(world.collector->has_ended());
    shm.release();
    std::uint64_t sent = 6 * 200;
    CHECK(comes_true([&] {
        for (const auto& client : clients)
            client->tell("alloc 0 0 7 10");
        sent += clients.size();
        ask(world.path, 0);
        std::uint64_t told = 0;
        for (const auto& client : clients)
            told += accounted(world.instance.name(), client->pid()).allocations;
        return told == sent;
    }));
}

TEST_CASE("an exported region is whole or not there") {
    SmallShm shm(kSmall);
    const OwnInstance instance;
    Script script("run", {"10"}, instance.tracked());
    REQUIRE(script.arrived(1));
    for (const std::uint64_t pages : {0, 1, 2, 3}) {
        INFO(pages << " pages");
        const OwnFolder folder;
        SmallTmpfs place(folder / "", 1 << 20);
        REQUIRE(place.leave(pages * kPageBytes));
        Collector collector(instance.name(), {"--export-tt-shm", "--tt-shm-root", folder / ""});
        const std::string name = TtRegion::path(folder / "", 0);
        struct stat status {};
        const auto is_whole = [&] {
            return stat(name.c_str(), &status) == 0 && status.st_blocks == 24;
        };
        REQUIRE(comes_true([&] { return usage_of(instance.name()).has_value(); }));
        if (pages == 3) CHECK(comes_true(is_whole));
        CHECK((is_whole() || access(name.c_str(), F_OK) != 0));
        place.release();
        CHECK(comes_true(is_whole));
        CHECK_FALSE(collector.has_ended());
    }
}
