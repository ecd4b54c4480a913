// SPDX-License-Identifier: Apache-2.0
//
// What no client may take: the collector's memory, its log, its time.
#include <cstdlib>

#include "tests/process/gateway_world.hpp"

using namespace tidemark::test;

namespace {

older::Bytes event(std::uint8_t type, std::uint64_t id, std::uint64_t size) {
    return older::frame(112, type, 0, size, 0, getpid(), id, type == older::kFree ? 0 : 1);
}

std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// A tidemarkd whose standard output and error are `output`.
pid_t start_with_output(int output, const OwnInstance& instance, const std::string& path) {
    return start({"/bin/sh", "-c", "exec \"$@\" 2>&1", "sh", built("tidemarkd"), "-v", "--instance",
                  instance.name(), "--legacy-socket=" + path},
                 {}, output);
}

// How many lines tell of closed clients, and how many clients they tell of.
struct Told {
    int lines = 0;
    std::uint64_t clients = 0;
};
Told closed_clients(const std::string& log) {
    Told told;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t more = line.find(" more socket clients were closed since, the last: ");
        if (more == std::string::npos && line.find("was closed: ") == std::string::npos) continue;
        ++told.lines;
        told.clients += more == std::string::npos
                            ? 1
                            : std::strtoull(line.c_str() + line.rfind(' ', more - 1), nullptr, 10);
    }
    return told;
}

}  // namespace

TEST_CASE("a client's buffers have a bound in the collector's memory: what is beyond is lost") {
    const OwnFolder folder;
    std::ofstream(folder / "tidemark.json") << R"({"limits": {"socket_buffers": 400}})";
    const GatewayWorld world({"--config", folder / "tidemark.json"});
    const OlderClient greedy(world.path);
    REQUIRE(greedy.tell("many 0 150") == "ok");
    REQUIRE(comes_true([&] {
        const auto row = world.client_row(greedy.pid());
        return row && row->lost_allocations[TIDEMARK_LOSS_NO_SPACE] == 50;
    }));
    CHECK(ask(world.path, 0).dram == 10 * 100);  // a quarter of all
    CHECK(world.client_row(greedy.pid())->exact == 0);
    // One that went makes room for another, and one that was not kept is not there to be freed.
    CHECK(greedy.tell("free 0 1000") == "ok");
    CHECK(greedy.tell("free 0 1149") == "ok");
    CHECK(greedy.tell("alloc 0 0 1 5") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 10 * 99 + 5; }));
    CHECK(world.client_row(greedy.pid())->unknown_frees == 1);
    // Another process has its own share, and what a dead one held is free again.
    OlderClient other(world.path);
    REQUIRE(other.tell("many 1 90") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 1).dram == 900; }));
    CHECK(world.client_row(other.pid())->exact == 1);
}

TEST_CASE("all clients together have a bound too, and the dead take no room") {
    const OwnFolder folder;
    std::ofstream(folder / "tidemark.json") << R"({"limits": {"socket_buffers": 16}})";
    const GatewayWorld world({"--config", folder / "tidemark.json", "--legacy-grace", "0"});
    std::vector<std::unique_ptr<OlderClient>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<OlderClient>(world.path));
        REQUIRE(clients.back()->tell("many 0 4") == "ok");
        const std::uint64_t held = std::min(4 * (i + 1), 16);
        REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 10 * held; }));
    }
    const pid_t last = clients.back()->pid();
    REQUIRE(comes_true([&] {
        const auto row = world.client_row(last);
        return row && row->lost_allocations[TIDEMARK_LOSS_NO_SPACE] == 4;
    }));
    clients.front()->kill();
    REQUIRE(comes_true([&] { return world.has_exited(clients.front()->pid()); }));
    CHECK(clients.back()->tell("alloc 0 0 1 7") == "ok");
    CHECK(comes_true([&] { return ask(world.path, 0).dram == 10 * 12 + 7; }));
}

TEST_CASE("a flood of garbage is a few lines in the log, which count all of it") {
    const OwnFolder folder;
    const OwnInstance instance;
    const std::string path = folder / "older.sock", log_path = folder / "log";
    const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const pid_t pid = start_with_output(log, instance, path);
    close(log);
    REQUIRE(comes_true([&] { return OlderConnection(path).is_connected(); }));
    constexpr std::uint64_t kFlood = 1000;
    for (std::uint64_t i = 0; i < kFlood; ++i) {
        const OlderConnection stranger(path);
        REQUIRE(stranger.send({'G', 'E', 'T', ' ', '/'}));
        REQUIRE(stranger.receive().empty());
    }
    kill(pid, SIGTERM);
    CHECK(wait_until_ended(pid) == 0);
    const Told told = closed_clients(content(log_path));
    CHECK(told.clients == kFlood);
    CHECK(told.lines <= 20);
    CHECK(content(log_path).find("its bytes are no message of the older protocol") !=
          std::string::npos);
}

TEST_CASE("a collector whose log is a pipe that is full, or a disk that is full, serves on") {
    for (const bool is_pipe : {true, false}) {
        CAPTURE(is_pipe);
        int ends[2] = {-1, -1};
        if (is_pipe) {
            REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
            REQUIRE(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
            const std::string page(4096, '.');
            while (write(ends[1], page.data(), page.size()) > 0) {
            }
            REQUIRE(fcntl(ends[1], F_SETFL, 0) == 0);
        } else {
            ends[1] = open("/dev/full", O_WRONLY | O_CLOEXEC);
        }
        const OwnFolder folder;
        const OwnInstance instance;
        const std::string path = folder / "older.sock";
        const pid_t pid = start_with_output(ends[1], instance, path);
        REQUIRE(comes_true([&] { return OlderConnection(path).is_connected(); }));
        {
            const OlderConnection stranger(path);
            REQUIRE(stranger.send({'G', 'E', 'T', ' ', '/'}));
            CHECK(stranger.receive().empty());
        }
        const OlderConnection client(path);
        REQUIRE(client.send(event(older::kAllocation, 1, 10)));
        CHECK(comes_true([&] { return ask(path, 0).dram == 10; }));
        kill(pid, SIGTERM);
        CHECK(wait_until_ended(pid) == 0);
        for (const int end : ends)
            close(end);
    }
}
