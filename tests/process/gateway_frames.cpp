// SPDX-License-Identifier: Apache-2.0
//
// The older allocation server's socket, asked and told as the older clients do, against a real tidemarkd.
#include <sys/resource.h>

#include "tests/privilege.hpp"
#include "tests/process/gateway_world.hpp"

using namespace tidemark::test;

namespace {

constexpr std::size_t kSizes[] = {72, 112, 128, 144};

older::Bytes event(std::size_t bytes, std::uint8_t type, std::uint64_t id, std::uint64_t size,
                   std::uint8_t pool = 0, std::int32_t device = 0) {
    const std::uint64_t time = type == older::kFree ? 0 : 1'760'000'000'000'000'001;
    return older::frame(bytes, type, device, size, pool, getpid(), id, time);
}

}  // namespace

TEST_CASE("clients of all five versions are served at once, and each sees what all of them hold") {
    const GatewayWorld world;
    std::vector<std::unique_ptr<OlderConnection>> clients;
    for (std::size_t i = 0; i < 4; ++i) {
        clients.push_back(std::make_unique<OlderConnection>(world.path));
        CHECK(clients.back()->send(event(kSizes[i], older::kAllocation, 0x1000 + i, 1000, 0)));
    }
    const OlderConnection small(world.path);
    CHECK(small.send(older::small_frame(older::kCbAllocation, 0, 77, 1, getpid())));
    CHECK(small.send(older::small_frame(older::kKernelLoad, 0, 88, 2, getpid())));
    REQUIRE(comes_true([&] { return ask(world.path, 0).kernel == 88; }));
    for (const std::size_t bytes : kSizes) {
        REQUIRE(comes_true([&] { return ask(world.path, 0, bytes).dram == 4000; }));
        const older::Answer answer = ask(world.path, 0, bytes);
        CHECK(answer.type == older::kResponse);
        if (bytes >= 128) CHECK(answer.cb == 77);
    }
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(clients[i]->send(event(kSizes[i], older::kFree, 0x1000 + i, 0)));
    CHECK(comes_true([&] { return ask(world.path, 0).dram == 0; }));
}

TEST_CASE("an answer covers every message that was sent before the question") {
    const GatewayWorld world;
    const OlderConnection client(world.path);
    for (std::uint64_t i = 1; i <= 200; ++i) {
        REQUIRE(client.send(event(112, older::kAllocation, i, 10)));
        REQUIRE(client.send(event(112, older::kQuery, 0, 0)));
        REQUIRE(older::read_answer(client.receive()).dram == 10 * i);
    }
}

TEST_CASE("a client that says it sends no more still gets its answers") {
    const GatewayWorld world;
    const OlderConnection other(world.path), client(world.path);
    REQUIRE(other.send(event(112, older::kAllocation, 1, 10)));
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 10; }));
    REQUIRE(client.send(older::frame(112, older::kQuery, 0, 0, 0, 0, 0)));
    client.end_sending();
    CHECK(older::read_answer(client.receive()).dram == 10);
    CHECK(client.receive().empty());  // and then it is closed
}

TEST_CASE("messages that arrive in pieces or glued together are the same messages") {
    const GatewayWorld world;
    older::Bytes stream;
    for (std::uint64_t i = 0; i < 30; ++i)
        older::append(stream, event(144, older::kAllocation, i, 100, 1));
    const OlderConnection pieces(world.path), glued(world.path);
    for (const std::uint8_t byte : stream)
        REQUIRE(pieces.send({byte}));
    REQUIRE(comes_true([&] { return ask(world.path, 0).l1 == 3000; }));
    REQUIRE(glued.send(stream));  // the same process: its ids live twice now
    CHECK(comes_true([&] { return ask(world.path, 0).l1 == 6000; }));
    const auto row = world.client_row(getpid());
    REQUIRE(row);
    CHECK(row->events == 60);
    CHECK(row->duplicates == 0);
}

TEST_CASE("garbage ends its own connection and nothing else; a health check is none") {
    const GatewayWorld world;
    const OlderConnection good(world.path);
    REQUIRE(good.send(event(112, older::kAllocation, 1, 10)));
    {
        const OlderConnection health_check(world.path);
        CHECK(health_check.is_connected());
    }
    const OlderConnection stranger(world.path), liar(world.path);
    const std::string request = "GET / HTTP/1.1\r\n\r\n";
    REQUIRE(stranger.send({request.begin(), request.end()}));
    CHECK(stranger.receive().empty());
    REQUIRE(liar.send(older::frame(112, older::kResponse, 0, 0, 0, 0, 0)));
    CHECK(liar.receive().empty());
    REQUIRE(good.send(event(112, older::kAllocation, 2, 10)));
    CHECK(comes_true([&] { return ask(world.path, 0).dram == 20; }));
}

TEST_CASE("an id that lives twice is freed twice, a free more is counted and changes nothing") {
    const GatewayWorld world;
    const OlderConnection client(world.path);
    older::Bytes stream;
    older::append(stream, event(112, older::kAllocation, 7, 100));
    older::append(stream, event(112, older::kAllocation, 7, 30));
    older::append(stream, event(112, older::kFree, 7, 0));
    REQUIRE(client.send(stream));
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 100; }));
    REQUIRE(client.send(event(112, older::kFree, 7, 0)));
    REQUIRE(client.send(event(112, older::kFree, 7, 0)));
    REQUIRE(comes_true([&] {
        const auto row = world.client_row(getpid());
        return row && row->unknown_frees == 1;
    }));
    CHECK(ask(world.path, 0).dram == 0);
    CHECK(world.client_row(getpid())->duplicates == 0);
}

TEST_CASE("a free takes nothing from the pools that it can't mean") {
    const GatewayWorld world;
    const OlderConnection client(world.path);
    older::Bytes stream;
    older::append(stream, event(112, older::kCbAllocation, 3, 2048));
    older::append(stream, event(112, older::kFree, 3, 0));  // no buffer 3 lives
    older::append(stream, event(112, older::kAllocation, 4096, 1000));
    older::append(stream, event(112, older::kCbFree, 4096, 0));  // no circular buffer 4096 does
    // Ambiguous between DRAM and L1; the circular buffer of that number is newer and not meant.
    older::append(stream, event(112, older::kAllocation, 7, 10, 0));
    older::append(stream, event(112, older::kAllocation, 7, 20, 1));
    older::append(stream, event(112, older::kCbAllocation, 7, 40));
    older::append(stream, event(112, older::kFree, 7, 0));
    // The size says which, although L1's is newer.
    older::append(stream, event(112, older::kAllocation, 8, 100, 0));
    older::append(stream, event(112, older::kAllocation, 8, 200, 1));
    older::append(stream, event(112, older::kAllocation, 8, 300, 0));
    older::append(stream, event(112, older::kFree, 8, 100));
    REQUIRE(client.send(stream));
    REQUIRE(comes_true([&] {
        const auto row = world.client_row(getpid());
        return row && row->events == 12;
    }));
    const older::Answer answer = ask(world.path, 0);
    CHECK(answer.dram == 1000 + 10 + 300);
    CHECK(answer.l1 == 200);
    CHECK(answer.cb == 2048 + 40);
    CHECK(world.client_row(getpid())->unknown_frees == 2);
}

TEST_CASE("what can't be an event is counted as lost, by cause") {
    const GatewayWorld world;
    const OlderConnection client(world.path);
    REQUIRE(client.send(event(112, older::kAllocation, 1, 10)));
    REQUIRE(client.send(event(112, older::kAllocation, 2, 500, 9)));      // no such pool
    REQUIRE(client.send(event(112, older::kAllocation, 3, 500, 0, -1)));  // no device
    REQUIRE(client.send(event(112, older::kAllocation, 4, std::uint64_t{1} << 60)));  // no size
    REQUIRE(comes_true([&] {
        const auto row = world.client_row(getpid());
        return row && row->lost_allocations[TIDEMARK_LOSS_CORRUPT] == 3;
    }));
    CHECK(world.client_row(getpid())->exact == 0);
    CHECK(ask(world.path, 0).dram == 10);
}

TEST_CASE("device questions answer what the configuration says") {
    const OwnFolder folder;
    std::ofstream(folder / "tidemark.json") << R"({"devices": [
        {"device": 0, "name": "n300", "architecture": "wormhole_b0", "dram_channels": 12, "dram_per_channel": "8G",
         "l1_per_core": 1499136, "capacity": {"DRAM": "12G", "L1": 93946880}},
        {"device": 4, "name": "n150"}]})";
    const GatewayWorld world({"--config", folder / "tidemark.json"});
    const older::Answer all = ask(world.path, -1, 112, older::kDeviceInfoQuery);
    CHECK(all.type == older::kDeviceInfoResponse);
    CHECK(all.devices == 2);
    CHECK(all.is_available == 1);
    const older::Answer one = ask(world.path, 0, 144, older::kDeviceInfoQuery);
    CHECK(one.arch == 2);
    CHECK(one.dram_channels == 12);
    CHECK(one.dram_per_channel == 0xFFFFFFFFu);  // 8 GiB in 32 bits
    CHECK(one.l1_per_core == 1499136);
    CHECK(one.total_dram == std::uint64_t{12} << 30);
    CHECK(one.total_l1 == 93946880);
    CHECK(ask(world.path, 3, 112, older::kDeviceInfoQuery).is_available == 0);
}

TEST_CASE("four thousand connections are served by one collector") {
    constexpr std::uint64_t kConnections = 4000;
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    require_or_skip(limit.rlim_max > kConnections + 100, "4,100 open files (ulimit -n)");
    const GatewayWorld world;
    std::vector<std::unique_ptr<OlderConnection>> clients;
    for (std::uint64_t i = 0; i < kConnections; ++i) {
        clients.push_back(std::make_unique<OlderConnection>(world.path));
        REQUIRE(clients.back()->is_connected());
    }
    for (std::uint64_t i = 0; i < kConnections; ++i)
        REQUIRE(clients[i]->send(event(kSizes[i % 4], older::kAllocation, i, 3, 1)));
    REQUIRE(comes_true([&] { return ask(world.path, 0).l1 == 3 * kConnections; }));
    for (std::uint64_t i = 0; i < kConnections; i += 2)
        REQUIRE(clients[i]->send(event(kSizes[i % 4], older::kFree, i, 0)));
    REQUIRE(comes_true([&] { return ask(world.path, 0).l1 == 3 * kConnections / 2; }));
    CHECK(world.client_row(getpid())->exact == 1);
}

TEST_CASE("a stream faster than the drain side loses nothing") {
    const GatewayWorld world;
    const OlderClient client(world.path, 112);
    constexpr std::uint64_t kMany = 200'000;  // several times what a ring holds
    REQUIRE(client.tell("many 0 " + std::to_string(kMany)) == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 10 * kMany; }));
    const auto row = world.client_row(client.pid());
    REQUIRE(row);
    CHECK(row->exact == 1);
    CHECK(row->events == kMany);
}

TEST_CASE("a flood of dumps of very many buffers keeps nobody waiting") {
    const GatewayWorld world({"--legacy-grace", "3600"});
    constexpr std::uint64_t kMany = 100'000;
    OlderClient client(world.path, 72);
    REQUIRE(client.tell("many 0 " + std::to_string(kMany)) == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 10 * kMany; }));
    const OlderConnection dumper(world.path);
    older::Bytes dumps;
    for (int i = 0; i < 3000; ++i)  // each would take a tenth of a second
        older::append(dumps, older::frame(72, older::kDumpRemaining, 0, 0, 0, 0, 0));
    REQUIRE(dumper.send(dumps));
    CHECK(ask(world.path, 0).dram == 10 * kMany);  // gives up after a minute
    client.kill();
    REQUIRE(comes_true([&] { return world.has_exited(client.pid()); }));
    CHECK(ask(world.path, 0).dram == 10 * kMany);
}

TEST_CASE("the Tracy monitor's socket answers 76 bytes, over all processes") {
    const OwnFolder folder;
    const GatewayWorld world({"--tracy-socket=" + (folder / "tracy.sock")});
    const OlderConnection client(world.path);
    REQUIRE(client.send(event(112, older::kAllocation, 1, 10, 0)));
    REQUIRE(client.send(event(112, older::kAllocation, 2, 20, 2)));
    REQUIRE(client.send(event(112, older::kAllocation, 3, 30, 3)));
    REQUIRE(client.send(event(112, older::kFree, 3, 0)));
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 10; }));
    const OlderConnection monitor(folder / "tracy.sock");
    older::Bytes question(76, 0);
    older::put(question, 0, std::uint8_t{1});
    for (int i = 0; i < 3; ++i) {  // one connection, many questions
        REQUIRE(monitor.send(question));
        const older::Bytes answer = monitor.receive();
        REQUIRE(answer.size() == 76);
        CHECK(answer[0] == 2);
        std::uint64_t words[8];
        std::memcpy(words, answer.data() + 12, sizeof words);
        const std::uint64_t expected[8] = {10, 0, 20, 0, 0, 2, 3, 1};
        CHECK(std::memcmp(words, expected, sizeof words) == 0);
    }
    question[0] = 9;
    REQUIRE(monitor.send(question));
    CHECK(monitor.receive().empty());
}
