// SPDX-License-Identifier: Apache-2.0
//
// What becomes of a socket client's buffers when its process goes on as another program, and when the collector ends
// before it does: kept, freed or unknown, and never said to be what it is not.
#include "tests/process/gateway_world.hpp"

using namespace tidemark::test;

namespace {

using Processes = std::vector<tidemark_process_row>;

// Every image of the process that sockets told of.
Processes images_of(const GatewayWorld& world, pid_t pid) {
    Processes found;
    for (const auto& row : read_stats(world.instance.name()).all<tidemark_process_row>())
        if (row.pid == pid && row.origin == TIDEMARK_ORIGIN_SOCKET) found.push_back(row);
    return found;
}

std::optional<tidemark_process_row> image_in_state(const GatewayWorld& world, pid_t pid,
                                                   std::uint32_t state) {
    for (const auto& row : images_of(world, pid))
        if (row.state == state) return row;
    return std::nullopt;
}

std::optional<tidemark_process_row> executed_image(const GatewayWorld& world, pid_t pid) {
    const auto row = image_in_state(world, pid, TIDEMARK_PROCESS_EXITED);
    return row && row->ending == TIDEMARK_ENDING_EXECUTED ? row : std::nullopt;
}

void start_again(GatewayWorld& world) {
    world.collector =
        std::make_unique<Collector>(world.instance.name(), Words{"--legacy-socket=" + world.path});
    REQUIRE(world.collector->is_ready());
}

}  // namespace

TEST_CASE("a client that executes another program leaves what it held, and begins as another") {
    const GatewayWorld world({"--legacy-grace", "0"});
    OlderClient client(world.path);
    REQUIRE(client.tell("alloc 0 0 1 100") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 100; }));
    REQUIRE(client.tell("exec") == "ok");
    REQUIRE(client.tell("connect") == "ok");
    REQUIRE(client.tell("alloc 0 0 1 7") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 7; }));
    REQUIRE(comes_true([&] { return executed_image(world, client.pid()).has_value(); }));
    const auto old = executed_image(world, client.pid());
    CHECK(usage_of(world.instance.name(), old->image)->freed_by_exit == 100);
    CHECK(client.tell("free 0 1") == "ok");  // the new program's, not the old one's of that id
    CHECK(comes_true([&] { return ask(world.path, 0).dram == 0; }));
    client.kill();
    REQUIRE(
        comes_true([&] { return !image_in_state(world, client.pid(), TIDEMARK_PROCESS_RUNNING); }));
    REQUIRE(images_of(world, client.pid()).size() == 2);
    for (const auto& row : images_of(world, client.pid()))
        CHECK(row.unknown_frees == 0);
}

TEST_CASE("an exec is found though the new program never speaks and the socket stays open") {
    const GatewayWorld world({"--legacy-grace", "0"});
    const OlderClient client(world.path), other(world.path);
    REQUIRE(client.tell("alloc 0 0 1 100") == "ok");
    REQUIRE(other.tell("alloc 0 0 1 5") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 105; }));
    REQUIRE(client.tell("exec") == "ok");
    CHECK(comes_true([&] { return executed_image(world, client.pid()).has_value(); }));
    CHECK(ask(world.path, 0).dram == 5);
    CHECK(images_of(world, other.pid()).size() == 1);
}

TEST_CASE("a device that the old program told of by a ring is the socket's again after an exec") {
    const GatewayWorld world({"--legacy-grace", "0"});
    const OlderClient client(world.path, 112, world.instance.tracked());
    REQUIRE(client.tell("own 5 0 4096 1000") == "ok");
    REQUIRE(client.tell("alloc 5 0 4096 1000") == "ok");
    REQUIRE(client.tell("alloc 6 0 1 3") == "ok");
    REQUIRE(comes_true(
        [&] { return ask(world.path, 6).dram == 3 && ask(world.path, 5).dram == 1000; }));
    REQUIRE(client.tell("exec") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 5).dram == 0; }));
    REQUIRE(client.tell("connect") == "ok");
    REQUIRE(client.tell("alloc 5 0 1 9") == "ok");
    CHECK(comes_true([&] { return ask(world.path, 5).dram == 9; }));
}

TEST_CASE("what clients had sent when the collector is stopped is in its figures") {
    GatewayWorld world;
    const OlderClient client(world.path);
    REQUIRE(client.tell("alloc 1 0 1 1") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 1).dram == 1; }));
    world.collector->signal(SIGSTOP);
    constexpr std::uint64_t kMany = 1000;  // several times what is read at once
    REQUIRE(client.tell("many 0 " + std::to_string(kMany)) == "ok");
    const OlderConnection late(world.path);  // not accepted yet
    REQUIRE(late.send(older::frame(112, older::kAllocation, 2, 70, 0, getpid(), 1, 1)));
    world.collector->signal(SIGTERM);
    world.collector->signal(SIGCONT);
    REQUIRE(world.collector->wait() == 0);
    start_again(world);
    CHECK(ask(world.path, 0).dram == 10 * kMany);
    CHECK(ask(world.path, 2).dram == 70);
    const auto usage = usage_of(world.instance.name(), std::uint32_t{0});
    REQUIRE(usage);
    CHECK(usage->allocations == kMany);
}

TEST_CASE(
    "after a kill of the collector its living clients' buffers are kept, as no longer exact, until "
    "they end") {
    GatewayWorld world;
    OlderClient client(world.path), short_lived(world.path);
    REQUIRE(short_lived.tell("alloc 3 0 1 9") == "ok");
    REQUIRE(client.tell("alloc 0 0 1 1000") == "ok");
    REQUIRE(client.tell("alloc 0 0 2 500") == "ok");
    REQUIRE(client.tell("free 0 1") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 500; }));
    REQUIRE(comes_true([&] { return ask(world.path, 3).dram == 9; }));
    world.collector->kill();
    short_lived.kill();
    start_again(world);  // the socket's file is still there, and nobody behind it
    REQUIRE(comes_true([&] { return world.has_exited(short_lived.pid()); }));
    CHECK(ask(world.path, 3).dram == 0);
    CHECK(ask(world.path, 0).dram == 500);
    const auto kept = image_in_state(world, client.pid(), TIDEMARK_PROCESS_RUNNING);
    REQUIRE(kept);
    CHECK(comes_true([&] {
        const auto usage = usage_of(world.instance.name(), std::uint32_t{0});
        return usage && usage->exact == 0;
    }));
    const auto usage = usage_of(world.instance.name(), std::uint32_t{0});
    CHECK(usage->total_allocated == 1500);
    CHECK(usage->freed_by_exit == 0);
    // It connects again and is another image of the same process.
    REQUIRE(client.tell("connect") == "ok");
    REQUIRE(client.tell("alloc 0 0 3 70") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 570; }));
    client.kill();
    REQUIRE(
        comes_true([&] { return !image_in_state(world, client.pid(), TIDEMARK_PROCESS_RUNNING); }));
    CHECK(usage_of(world.instance.name(), kept->image)->freed_by_exit == 500);
    CHECK(usage_of(world.instance.name(), std::uint32_t{0})->freed_by_exit == 570);
}
