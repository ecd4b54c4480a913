// SPDX-License-Identifier: Apache-2.0
//
// Who speaks through the older socket: told by the kernel, told apart in leaving and dying, never counted twice.
#include <pty.h>

#include <thread>

#include "tests/process/gateway_world.hpp"

using namespace tidemark::test;

namespace {

std::string log_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

bool has_line(const std::string& path, const std::string& part) {
    return log_of(path).find(part) != std::string::npos;
}

// A tidemarkd in the foreground under one of its names, its standard output in a file.
struct LoggedServer {
    LoggedServer(const std::string& program, const Words& flags) {
        const int log = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        Words words{built(program), "--instance", instance.name(),
                    "--legacy-socket=" + socket_path};
        words.insert(words.end(), flags.begin(), flags.end());
        pid = start(words, {}, log);
        close(log);
        REQUIRE(comes_true([&] { return OlderConnection(socket_path).is_connected(); }));
    }
    ~LoggedServer() {
        kill(pid, SIGKILL);
        wait_until_ended(pid);
    }
    LoggedServer(const LoggedServer&) = delete;
    LoggedServer& operator=(const LoggedServer&) = delete;

    OwnFolder folder;
    OwnInstance instance;
    std::string path = folder / "log", socket_path = folder / "older.sock";
    pid_t pid = -1;
};

// Ages and pids differ from run to run.
std::string comparable(std::string text, pid_t pid) {
    const std::string named = "pid " + std::to_string(pid);
    for (std::size_t at = 0; (at = text.find(named, at)) != std::string::npos;)
        text.replace(at, named.size(), "pid PID");
    std::istringstream lines(text);
    std::string result;
    for (std::string line; std::getline(lines, line);) {
        const std::size_t age = line.find(" age ");
        if (age != std::string::npos) {
            const std::size_t end = line.find(" s", age);
            line.replace(age, end - age, " age N");
        }
        result += line + "\n";
    }
    return result;
}

}  // namespace

TEST_CASE(
    "a client that disconnects keeps its buffers, goes on with a new connection, and leaves them "
    "by dying") {
    const GatewayWorld world;
    OlderClient client(world.path);
    CHECK(client.tell("alloc 0 0 4096 100") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 100; }));
    CHECK(client.tell("disconnect") == "ok");
    CHECK(client.tell("connect") == "ok");
    CHECK(client.tell("alloc 0 0 8192 11") == "ok");
    CHECK(client.tell("free 0 4096") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 11; }));
    CHECK(client.tell("disconnect") == "ok");
    CHECK(ask(world.path, 0).dram == 11);
    CHECK(world.is_running(client.pid()));
    client.kill();
    REQUIRE(comes_true([&] { return world.has_exited(client.pid()); }));
    const auto usage = usage_of(world.instance.name(), world.client_row(client.pid())->image);
    REQUIRE(usage);
    CHECK(usage->freed_by_exit == 11);
    CHECK(world.client_row(client.pid())->ending == TIDEMARK_ENDING_KILLED);
    CHECK(world.client_row(client.pid())->ending_code == SIGKILL);
    CHECK(usage->exact == 1);
}

TEST_CASE("what a dead client left stays in answers for the grace, and not beyond it") {
    const GatewayWorld patient({"--legacy-grace", "3600"}), hasty({"--legacy-grace", "0"});
    for (const GatewayWorld* world : {&patient, &hasty}) {
        OlderClient client(world->path);
        CHECK(client.tell("alloc 2 1 1 500") == "ok");
        CHECK(client.tell("kernel 2 9 50") == "ok");
        REQUIRE(comes_true([&] { return ask(world->path, 2).kernel == 50; }));
        client.kill();
        REQUIRE(comes_true([&] { return world->has_exited(client.pid()); }));
        const bool stays = world == &patient;
        CHECK(ask(world->path, 2).l1 == (stays ? 500 : 0));
        CHECK(ask(world->path, 2).kernel == (stays ? 50 : 0));
        // The stats segment says what is: nobody holds it any more.
        const auto device = row_where<tidemark_usage_row>(
            read_stats(world->instance.name()),
            [](const auto& row) { return row.device == 2 && row.pool == TIDEMARK_POOL_L1; });
        REQUIRE(device);
        CHECK(device->current == 0);
    }
}

TEST_CASE("what a client leaves is in each answer once, whenever it dies") {
    const GatewayWorld world({"--legacy-grace", "3600"});
    const OlderConnection watcher(world.path);
    const older::Bytes question = older::frame(128, older::kQuery, 0, 0, 0, 0, 0);
    for (std::uint64_t round = 1; round <= 100; ++round) {
        CAPTURE(round);
        OlderClient client(world.path);
        REQUIRE(client.tell("alloc 0 0 1 1000") == "ok");
        REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 1000 * round; }));
        std::thread killer([&] { client.kill(); });
        const auto stays = [&] {
            REQUIRE(watcher.send(question));
            return older::read_answer(watcher.receive()).dram == 1000 * round;
        };
        bool always = true;
        while (always && !world.has_exited(client.pid()))
            always = stays();
        CHECK(always);
        killer.join();
        REQUIRE(always);
    }
}

TEST_CASE(
    "a program that frees by another connection than it allocated by, and is gone, left nothing") {
    const GatewayWorld world({"--legacy-grace", "3600"});
    constexpr int kPrograms = 200;
    for (int i = 0; i < kPrograms; ++i) {
        const pid_t pid = fork();
        if (pid == 0) {
            for (const std::uint8_t type : {older::kAllocation, older::kFree})
                OlderConnection(world.path).send(older::frame(112, type, 0, 10, 0, getpid(), 1));
            _exit(0);
        }
        wait_until_ended(pid);
    }
    const auto exited = [&] {
        int count = 0;
        for (const auto& row : read_stats(world.instance.name()).all<tidemark_process_row>())
            count += row.state == TIDEMARK_PROCESS_EXITED;
        return count >= kPrograms;
    };
    REQUIRE(comes_true(exited));
    CHECK(ask(world.path, 0).dram == 0);
}

TEST_CASE("answers are over all processes, those with a ring of their own too") {
    const GatewayWorld world;
    OlderClient told(world.path);
    Script script("run", {"4"}, world.instance.tracked());  // three allocations, one freed
    CHECK(told.tell("alloc 0 0 1 1000") == "ok");
    REQUIRE(script.arrived(1));
    const std::uint64_t held = script_usage(4).current;
    CHECK(comes_true([&] { return ask(world.path, 0).dram == 1000 + held; }));
}

TEST_CASE("a buffer that a process reports by its ring and by the socket is counted once") {
    const GatewayWorld world;
    for (const bool ring_first : {true, false}) {
        CAPTURE(ring_first);
        const int device = ring_first ? 5 : 6;
        const std::string words = std::to_string(device) + " 0 4096 1000";
        OlderClient client(world.path, 112, world.instance.tracked());
        CHECK(client.tell((ring_first ? "own " : "alloc ") + words) == "ok");
        REQUIRE(comes_true([&] { return ask(world.path, device).dram == 1000; }));
        CHECK(client.tell((ring_first ? "alloc " : "own ") + words) == "ok");
        const auto process = [&](std::uint32_t origin) {
            return row_where<tidemark_process_row>(
                read_stats(world.instance.name()), [&](const auto& row) {
                    return row.pid == client.pid() && row.origin == origin && row.events > 0;
                });
        };
        REQUIRE(comes_true(
            [&] { return process(TIDEMARK_ORIGIN_PROGRAM) && process(TIDEMARK_ORIGIN_SOCKET); }));
        CHECK(ask(world.path, device).dram == 1000);
        // More of the same, by the socket alone: the ring is believed.
        CHECK(client.tell("alloc " + std::to_string(device) + " 1 1 77") == "ok");
        const int other = device + 10;  // that the ring says nothing of
        CHECK(client.tell("alloc " + std::to_string(other) + " 0 1 3") == "ok");
        REQUIRE(comes_true([&] { return ask(world.path, other).dram == 3; }));
        CHECK(ask(world.path, device).l1 == 0);
        const auto row = row_where<tidemark_usage_row>(
            read_stats(world.instance.name()), [device](const auto& r) {
                return r.device == static_cast<std::uint32_t>(device) && r.pool == 0;
            });
        REQUIRE(row);
        CHECK(row->current == 1000);
        CHECK(row->peak == 1000);
        CHECK(row->live == 1);
        CHECK(row->allocations == 1);
        client.kill();
        REQUIRE(comes_true([&] { return world.has_exited(client.pid()); }));
        CHECK(comes_true([&] {
            const auto after = row_where<tidemark_usage_row>(
                read_stats(world.instance.name()), [device](const auto& r) {
                    return r.device == static_cast<std::uint32_t>(device) && r.pool == 0;
                });
            return after && after->current == 0 && after->freed_by_exit == 1000;
        }));
    }
}

TEST_CASE("a client that damages its ring harms nobody else, and the collector lives") {
    const GatewayWorld world;
    OlderClient good(world.path);
    CHECK(good.tell("alloc 0 0 1 1") == "ok");
    const OlderConnection standing(world.path);
    for (const bool truncates : {true, false}) {
        CAPTURE(truncates);
        OlderClient bad(world.path);
        CHECK(bad.tell("alloc 1 0 1 10") == "ok");
        REQUIRE(comes_true([&] { return ask(world.path, 1).dram == 10; }));
        const auto rings = OwnInstance::rings_where([&](const tidemark::shm::RingHeader& ring) {
            return ring.pid == bad.pid() && ring.origin == TIDEMARK_ORIGIN_SOCKET;
        });
        REQUIRE(rings.size() == 1);
        const std::string path = "/dev/shm/" + rings[0];
        if (truncates) {
            REQUIRE(truncate(path.c_str(), 0) == 0);
        } else {
            std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
            const std::uint32_t many = 60'000;
            file.seekp(offsetof(tidemark::shm::RingHeader, lanes_used));
            file.write(reinterpret_cast<const char*>(&many), sizeof many);
        }
        // More than ring and socket hold: what is not read would stop it.
        CHECK(bad.tell("many 1 100000") == "ok");
        CHECK(good.tell("alloc 0 0 2 1") == "ok");
        const std::uint64_t expected = truncates ? 2 : 3;
        REQUIRE(comes_true([&] { return ask(world.path, 0).dram == expected; }));
        bad.kill();
        CHECK(comes_true([&] { return world.has_exited(bad.pid()); }));
    }
    REQUIRE(standing.send(older::frame(128, older::kQuery, 0, 0, 0, 0, 0)));
    CHECK(older::read_answer(standing.receive()).dram == 3);
}

TEST_CASE("a client with more buffers than its ring holds ends, though its own ring took over") {
    const GatewayWorld world;
    OlderClient client(world.path, 112, world.instance.tracked());
    REQUIRE(client.tell("many 0 300000") == "ok");
    REQUIRE(client.tell("alloc 1 0 1 5") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 1).dram == 5; }));
    REQUIRE(client.tell("own 0 0 1 70") == "ok");
    REQUIRE(comes_true([&] { return ask(world.path, 0).dram == 70; }));
    client.kill();
    CHECK(comes_true([&] { return world.has_exited(client.pid()); }));
}

TEST_CASE("a socket that another server answers is left alone, and the collector says so") {
    const GatewayWorld world;
    const OwnInstance other;
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const pid_t pid =
        start({built("tidemarkd"), "--instance", other.name(), "--legacy-socket=" + world.path});
    close(ends[0]);
    close(ends[1]);
    const int status = wait_until_ended(pid);
    CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 3));
    CHECK(ask(world.path, 0).type == older::kResponse);
}

TEST_CASE(
    "a service goes on without a socket that somebody else has, and takes it when he is gone") {
    GatewayWorld first;
    const OwnInstance own;
    const Collector service(own.name(), {"--legacy-socket=" + first.path},
                            {{"NOTIFY_SOCKET", first.folder / "nobody"}});
    REQUIRE(service.is_ready());
    first.collector->signal(SIGTERM);
    first.collector->wait();
    REQUIRE(comes_true([&] { return OlderConnection(first.path).is_connected(); }));
    const OlderClient client(first.path);
    CHECK(client.tell("alloc 0 0 1 1000") == "ok");
    CHECK(comes_true([&] { return ask(first.path, 0).dram == 1000; }));
}

TEST_CASE("the log's lines are those that scripts look for") {
    const LoggedServer server("allocation_server_poc", {});
    OlderClient client(server.socket_path);
    client.tell("alloc 0 0 4096 1024");
    client.tell("alloc 0 1 8192 512");
    client.tell("cb 0 3 2048");
    client.tell("kernel 1 77 51200");
    client.tell("kernel 1 78 100");
    client.tell("free 0 4096");
    client.tell("cbfree 0 3 0");
    client.tell("unload 1 77 0");
    client.tell("free 0 99");
    {
        const OlderConnection asker(server.socket_path);
        asker.send(older::frame(72, older::kDumpRemaining, 0, 0, 0, 0, 0));
        asker.send(older::frame(72, older::kDumpKernels, 0, 0, 0, 0, 0));
        REQUIRE(comes_true([&] { return has_line(server.path, "kernels"); }));
    }
    client.kill();
    REQUIRE(comes_true([&] { return has_line(server.path, "age "); }));
    REQUIRE(comes_true([&] { return has_line(server.path, "ended: "); }));
    REQUIRE(comes_true([&] {
        const std::string text = log_of(server.path);
        return text.find("age", text.find("ended: ")) != std::string::npos;
    }));
    const std::string text = comparable(log_of(server.path), client.pid());
    CHECK(text ==
          "listening on " + server.socket_path +
              "\n"
              "connected: pid PID (older_client)\n"
              "[device 0] ALLOC 1024 bytes DRAM pid PID buffer 0x1000 | DRAM 1024 L1 0 buffers 1\n"
              "[device 0] ALLOC 512 bytes L1 pid PID buffer 0x2000 | DRAM 1024 L1 512 buffers 2\n"
              "[device 0] CB_ALLOC 2048 bytes CB pid PID buffer 0x3 | CB 2048\n"
              "[device 1] KERNEL_LOAD 51200 bytes KERNEL pid PID buffer 0x4d | KERNEL 51200\n"
              "[device 1] KERNEL_LOAD 100 bytes KERNEL pid PID buffer 0x4e | KERNEL 51300\n"
              "[device 0] FREE 1024 bytes DRAM pid PID buffer 0x1000 | DRAM 0 L1 512 buffers 1\n"
              "[device 0] CB_FREE 2048 bytes CB pid PID buffer 0x3 | CB 0\n"
              "[device 1] KERNEL_UNLOAD 51200 bytes KERNEL pid PID buffer 0x4d | KERNEL 100\n"
              "[device 0] FREE 0 bytes unknown pid PID buffer 0x63 | DRAM 0 L1 512 buffers 1\n"
              "  device 0 buffer 0x2000 512 bytes L1 age N s pid PID\n"
              "remaining: 1 buffers\n"
              "  device 1 buffer 0x4e 100 bytes KERNEL age N s pid PID\n"
              "remaining: 1 kernels\n"
              "ended: pid PID (older_client) left 2 buffers, 612 bytes\n"
              "  device 0 buffer 0x2000 512 bytes L1 age N s\n"
              "  device 1 buffer 0x4e 100 bytes KERNEL age N s\n");
}

TEST_CASE("-q silences events, not what a process left") {
    const LoggedServer server("allocation_server_poc", {"-q"});
    OlderClient client(server.socket_path);
    client.tell("alloc 0 0 4096 1024");
    REQUIRE(comes_true([&] { return ask(server.socket_path, 0).dram == 1024; }));
    client.kill();
    REQUIRE(comes_true([&] { return has_line(server.path, "left 1 buffers"); }));
    CHECK_FALSE(has_line(server.path, "ALLOC"));
    CHECK_FALSE(has_line(server.path, "connected"));
}

TEST_CASE("a log that nobody reads stops nobody, be it a pipe or a terminal") {
    for (const bool is_terminal : {false, true}) {
        CAPTURE(is_terminal);
        int ends[2];
        if (is_terminal)
            REQUIRE(openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr) == 0);
        else
            REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        const OwnFolder folder;
        const OwnInstance instance;
        const std::string path = folder / "older.sock";
        const Words words{built("tidemarkd"), "-v", "--instance", instance.name(),
                          "--legacy-socket=" + path};
        const pid_t pid = start(words, {}, ends[1]);
        REQUIRE(comes_true([&] { return OlderConnection(path).is_connected(); }));
        const OlderClient client(path);
        CHECK(client.tell("many 0 50000") == "ok");
        CHECK(comes_true([&] { return ask(path, 0).dram == 500'000; }));
        kill(pid, SIGKILL);
        wait_until_ended(pid);
        close(ends[0]);
        close(ends[1]);
    }
}
