// SPDX-License-Identifier: Apache-2.0
//
// The control socket, spoken to as a stranger would: every command, every mistake, clients that lie, stall or vanish.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "collector/control.hpp"
#include "collector/control_client.hpp"
#include "fake_door.hpp"
#include "tidemark/words.h"

namespace tidemark::collector {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

// A control socket whose loop runs in a thread of its own; on() runs a task there and waits for it.
struct Served {
    std::string path = "/tmp/tidemark-cold-" + std::to_string(getpid()) + ".sock";
    EventLoop loop;
    FakeDoor door{loop};
    Sinks sinks;
    std::atomic<int> looks{0};
    std::atomic<bool> stop_asked{false};
    Control control{loop,
                    door,
                    sinks,
                    {4711, "cold", 99, "1.2.3", 5},
                    [this] { ++looks; },
                    [this] { stop_asked = true; }};
    std::thread thread;

    Served() {
        std::string error;
        REQUIRE_MESSAGE(loop.open(error), error);
        sinks.start({});
        REQUIRE_MESSAGE(control.open(path, error), error);
        thread = std::thread([this] { loop.run(); });
    }
    ~Served() {
        loop.stop();
        thread.join();
    }
    template <typename Task>
    void on(Task task) {
        std::atomic<bool> done{false};
        loop.post([&] {
            task();
            done = true;
            done.notify_one();
        });
        done.wait(false);
    }
    Json ask(const std::string& request, int patience_ms = 30'000) {
        std::string answer;
        std::string error;
        REQUIRE_MESSAGE(ask_control(path, request, milliseconds(patience_ms), answer, error),
                        error);
        return Json::parse(answer);
    }
    std::string refusal(const std::string& request) {
        const Json answer = ask(request);
        CHECK(answer["ok"] == false);
        return answer["error"].get<std::string>();
    }
};

struct Client {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::string buffer;
    explicit Client(const std::string& path) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, path.c_str());
        REQUIRE(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    }
    ~Client() { close(fd); }
    void say(const std::string& text) {
        CHECK(send(fd, text.data(), text.size(), MSG_NOSIGNAL) > 0);
    }
    // The next line, or "" at the end or after 30 s.
    std::string line() {
        while (true) {
            const std::size_t end = buffer.find('\n');
            if (end != std::string::npos) {
                std::string result = buffer.substr(0, end);
                buffer.erase(0, end + 1);
                return result;
            }
            pollfd ready{fd, POLLIN, 0};
            char bytes[65536];
            if (poll(&ready, 1, 30'000) <= 0) return {};
            const ssize_t size = recv(fd, bytes, sizeof(bytes), 0);
            if (size <= 0) return {};
            buffer.append(bytes, static_cast<std::size_t>(size));
        }
    }
};

TEST_CASE("status, flush and clean are answered, after the directory watch was looked at") {
    Served served;
    served.on([&] {
        served.door.running = 3;
        served.door.removed = {"tidemark.tmp.x"};
    });
    const Json status = served.ask(R"({"command":"status"})");
    CHECK(status ==
          Json::parse(R"({"ok":true,"pid":4711,"instance":"cold","generation":99,"version":"1.2.3",
                                     "started_unix_ns":5,"processes_running":3})"));
    CHECK(served.ask(R"({"command":"flush"})") == Json::parse(R"({"ok":true,"pass":42})"));
    CHECK(served.ask(R"({"command":"clean"})") ==
          Json::parse(R"({"ok":true,"removed":["tidemark.tmp.x"]})"));
    CHECK(served.looks >= 3);
}

TEST_CASE("mistakes are named") {
    Served served;
    const auto has = [&](const std::string& request, const std::string& part) {
        const std::string error = served.refusal(request);
        CHECK_MESSAGE(error.find(part) != std::string::npos, error);
    };
    has(R"({"command":"explode"})", "\"explode\"");
    has(R"({"command":"status","verbose":true})", "unknown key \"verbose\"");
    has(R"({"command":"flush","timeout_ms":5})", "unknown key \"timeout_ms\"");
    has(R"({"command":"settle","timeout_ms":-1})", "timeout_ms: -1");
    has(R"({"command":"settle","timeout_ms":"long"})", "timeout_ms");
    has(R"({"command":"events","pid":"x"})", "pid: \"x\"");
    has(R"({"command":"events","device":70000})", "device: 70000");
    has(R"({"command":"events","pool":[]})", "pool: []");
    has(R"({"pid":1})", "\"command\"");
    has("status", "not JSON");
    has("[1]", "\"command\"");
    has("", "not JSON");
    has(R"({"command":7})", "7");
    has("{\"command\":\"\xff\xfe\"}", "not JSON");
    has(std::string(4096, '['), "not JSON");
}

TEST_CASE("a request of 4096 bytes is read, one byte more is refused") {
    Served served;
    std::string request = R"({"command":"flush"})";
    request.resize(4096, ' ');
    CHECK(served.ask(request)["ok"] == true);
    request += ' ';
    CHECK(served.refusal(request) == "request longer than 4096 bytes");
    CHECK(served.refusal(std::string(100'000, 'x')) == "request longer than 4096 bytes");
}

TEST_CASE("a request may come byte by byte, and end with the client's end instead of a newline") {
    Served served;
    Client slow(served.path);
    for (const char c : std::string(R"({"command":"flush"})")) {
        slow.say(std::string(1, c));
        usleep(500);
    }
    shutdown(slow.fd, SHUT_WR);
    CHECK(Json::parse(slow.line())["pass"] == 42);
    CHECK(slow.line().empty());
}

TEST_CASE("settle waits until nothing runs") {
    Served served;
    served.on([&] { served.door.running = 2; });
    std::thread ender([&] {
        usleep(100'000);
        served.on([&] { served.door.running = 0; });
    });
    CHECK(served.ask(R"({"command":"settle","timeout_ms":5000})") ==
          Json::parse(R"({"ok":true,"running":0})"));
    ender.join();
    served.on([&] { CHECK(served.door.flushes == 1); });
}

TEST_CASE("settle tells after its timeout what still runs") {
    Served served;
    served.on([&] { served.door.running = 2; });
    const auto begun = std::chrono::steady_clock::now();
    CHECK(served.ask(R"({"command":"settle","timeout_ms":150})") ==
          Json::parse(R"({"ok":true,"running":2})"));
    const auto took = std::chrono::steady_clock::now() - begun;
    CHECK(took >= milliseconds(150));
    CHECK(took < milliseconds(20'000));
}

TEST_CASE(
    "stop is answered once the drain side has ended; who waits for something else gets an error") {
    Served served;
    served.on([&] { served.door.mute = true; });
    Client waiting(served.path);
    waiting.say("{\"command\":\"flush\"}\n");
    Client silent(served.path);
    Client stopper(served.path);
    stopper.say("{\"command\":\"stop\"}\n");
    while (!served.stop_asked)
        usleep(1000);
    pollfd early{stopper.fd, POLLIN, 0};
    CHECK(poll(&early, 1, 50) == 0);
    std::atomic<bool> finished{false};
    served.on([&] { served.control.finish([&] { finished = true; }); });
    CHECK(Json::parse(stopper.line())["ok"] == true);
    CHECK(Json::parse(waiting.line())["error"] == "the collector is stopping");
    CHECK(Json::parse(silent.line())["error"] == "the collector is stopping");
    for (int i = 0; i < 3000 && !finished; ++i)
        usleep(10'000);
    CHECK(finished);
}

TEST_CASE("the end does not wait for a client that reads nothing") {
    Served served;
    Client follower(served.path);
    follower.say("{\"command\":\"events\"}\n");
    CHECK(Json::parse(follower.line())["ok"] == true);
    SinkRecord record{};
    for (int i = 0; i < 20'000; ++i)
        served.sinks.push(record);
    served.sinks.stop();
    std::atomic<bool> finished{false};
    served.on([&] { served.control.finish([&] { finished = true; }); });
    for (int i = 0; i < 3000 && !finished; ++i)
        usleep(10'000);
    CHECK(finished);
}

TEST_CASE("65 clients: the last is told why it is not served; once one goes there is room") {
    Served served;
    std::vector<std::unique_ptr<Client>> clients;
    for (std::size_t i = 0; i < Control::kMaxClients; ++i)
        clients.push_back(std::make_unique<Client>(served.path));
    {
        Client surplus(served.path);
        CHECK(surplus.line().find("64 clients") != std::string::npos);
    }
    clients.pop_back();
    for (int i = 0; i < 3000; ++i) {
        Client next(served.path);
        next.say("{\"command\":\"flush\"}\n");
        if (next.line().find("\"pass\":42") != std::string::npos) return;
        usleep(10'000);
    }
    FAIL("no room after a client went");
}

TEST_CASE("clients that vanish at any moment leave nothing behind") {
    Served served;
    for (int i = 0; i < 300; ++i) {
        Client client(served.path);
        if (i % 3 > 0)
            client.say(i % 3 == 1 ? "{\"command\":\"settle\",\"timeout_ms\":2}\n"
                                  : "{\"command\":\"ev");
    }
    CHECK(served.ask(R"({"command":"flush"})")["ok"] == true);
}

TEST_CASE("a follower gets what its filter lets through") {
    Served served;
    Client follower(served.path);
    follower.say(
        "{\"command\":\"events\",\"pid\":[7,8],\"device\":\"host\",\"pool\":\"SYSTEM_MEMORY\"}\n");
    CHECK(Json::parse(follower.line()) == Json::parse(R"({"ok":true})"));
    SinkRecord record{};
    record.kind = SinkRecord::Kind::kAllocation;
    record.device = TIDEMARK_DEVICE_HOST;
    record.image = 0xabc;
    record.id = ~std::uint64_t{0};
    record.size = 64;
    std::strcpy(record.pool_name, "SYSTEM_MEMORY");
    for (const int pid : {6, 7, 8, 9}) {
        record.pid = pid;
        served.sinks.push(record);
    }
    record.pid = 7;
    record.device = 0;
    served.sinks.push(record);
    record.kind = SinkRecord::Kind::kStart;
    served.sinks.push(record);
    CHECK(
        Json::parse(follower.line()) ==
        Json::parse(
            R"({"time_unix_ns":0,"op":"alloc","image":"0000000000000abc","sequence":0,"pid":7,"device":"host",
                          "pool":"SYSTEM_MEMORY","id":18446744073709551615,"size":64})"));
    CHECK(Json::parse(follower.line())["pid"] == 8);
    CHECK(Json::parse(follower.line())["op"] == "start");
    CHECK(served.sinks.wants_events());
    close(follower.fd);
    follower.fd = -1;
    for (int i = 0; i < 3000 && served.sinks.wants_events(); ++i)
        usleep(10'000);
    CHECK_FALSE(served.sinks.wants_events());
}

TEST_CASE("a follower that does not read loses events, is told how many, and holds nobody up") {
    Served served;
    Client follower(served.path);
    follower.say("{\"command\":\"events\"}\n");
    CHECK(Json::parse(follower.line())["ok"] == true);
    constexpr std::uint64_t kEvents = 30'000;
    SinkRecord record{};
    record.kind = SinkRecord::Kind::kAllocation;
    for (std::uint64_t i = 0; i < kEvents; ++i) {
        record.sequence = i;
        served.sinks.push(record);
    }
    served.sinks.stop();  // returns when each of them reached the follower, or found no room
    std::uint64_t seen = 0;
    std::uint64_t dropped = 0;
    while (seen + dropped < kEvents) {
        const std::string line = follower.line();
        REQUIRE_FALSE(line.empty());
        const Json event = Json::parse(line);
        if (event["op"] == "dropped") {
            dropped += event["count"].get<std::uint64_t>();
        } else {
            CHECK(event["sequence"] == seen + dropped);
            ++seen;
        }
    }
    CHECK(seen + dropped == kEvents);
    CHECK(dropped > 0);
}

TEST_CASE(
    "a socket left by a dead collector is replaced; one that answers, and anything else, is not") {
    EventLoop loop;
    std::string error;
    REQUIRE(loop.open(error));
    FakeDoor door(loop);
    Sinks sinks;
    const std::string path = "/tmp/tidemark-cold-left-" + std::to_string(getpid()) + ".sock";
    const auto make = [&] {
        return std::make_unique<Control>(
            loop, door, sinks, ControlIdentity{}, [] {}, [] {});
    };
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    close(dead);
    auto first = make();
    CHECK_MESSAGE(first->open(path, error), error);
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    auto second = make();
    CHECK_FALSE(second->open(path, error));
    CHECK(error.find("another process answers") != std::string::npos);
    second.reset();
    CHECK(access(path.c_str(), F_OK) == 0);
    first.reset();
    CHECK(access(path.c_str(), F_OK) != 0);
    close(open(path.c_str(), O_CREAT | O_RDWR, 0600));
    CHECK_FALSE(make()->open(path, error));
    CHECK(error.find("not a socket") != std::string::npos);
    CHECK(access(path.c_str(), F_OK) == 0);
    unlink(path.c_str());
}

// Only root can become somebody else to try it.
TEST_CASE("other users are refused" * doctest::skip(geteuid() != 0)) {
    Served served;
    REQUIRE(chmod(served.path.c_str(), 0777) == 0);
    const pid_t child = fork();
    if (child == 0) {
        if (setgid(23456) != 0 || setuid(23456) != 0) _exit(10);
        std::string answer;
        std::string error;
        const bool asked =
            ask_control(served.path, R"({"command":"stop"})", milliseconds(3000), answer, error);
        // The refusal may arrive before the request is sent.
        _exit(!asked || answer.find("only the collector's own user and root") != answer.npos ? 0
                                                                                             : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK_FALSE(served.stop_asked);
}

}  // namespace
}  // namespace tidemark::collector
