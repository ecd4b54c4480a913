// SPDX-License-Identifier: Apache-2.0
//
// --background, --status, --stop, and who may run under one name.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <fstream>

#include "process/collector_daemon.hpp"

namespace tidemark::test {
namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("start, ask, start again, stop, ask: each says what is the case") {
    const Instance instance("background");
    CHECK(instance.command({"--status"}).status == 3);
    CHECK(instance.command({"--stop"}).status == 3);
    Outcome outcome = instance.command({"--background"});
    CHECK_MESSAGE(outcome.status == 0, outcome.err);
    CHECK(has(outcome.out, "ready: instance " + instance.name));
    outcome = instance.command({"--status"});
    CHECK(outcome.status == 0);
    for (const char* part :
         {"tidemarkd is running", "pid", "since", "rings", "version", "socket"}) {
        CHECK(has(outcome.out, part));
    }
    CHECK(kill(instance.pid(), 0) == 0);
    outcome = instance.command({"--background"});
    CHECK(outcome.status == 0);
    CHECK(has(outcome.out, "runs already, pid " + std::to_string(instance.pid())));
    outcome = instance.command({});
    CHECK(outcome.status == 3);
    CHECK(has(outcome.err, "runs already, pid " + std::to_string(instance.pid())));
    const std::string socket = instance.socket();
    CHECK(access(socket.c_str(), F_OK) == 0);
    outcome = instance.command({"--stop"});
    CHECK(outcome.status == 0);
    CHECK(has(outcome.out, "stopped instance " + instance.name));
    CHECK(access(socket.c_str(), F_OK) != 0);
    outcome = instance.command({"--status"});
    CHECK(outcome.status == 3);
    CHECK(has(outcome.err, "no collector runs as instance " + instance.name));
    CHECK(has(outcome.err, "tidemarkd --background"));
}

TEST_CASE("of many started at once exactly one stays, and each start succeeds") {
    const Instance instance("race");
    std::vector<Child> starts;
    for (int i = 0; i < 8; ++i)
        starts.push_back(start(instance.words({"--background"})));
    int ready = 0;
    for (const Child& child : starts) {
        const Outcome outcome = finish(child);
        CHECK_MESSAGE(outcome.status == 0, outcome.err);
        ready += has(outcome.out, "ready: ") ? 1 : 0;
    }
    CHECK(ready == 1);
    CHECK(instance.runs());
}

TEST_CASE("a daemon is nobody's child, has no terminal and holds no file of its starter") {
    const Instance instance("daemon");
    REQUIRE(instance.command({"--background"}).status == 0);
    const std::string process = "/proc/" + std::to_string(instance.pid());
    std::string stat;
    std::getline(std::ifstream(process + "/stat"), stat);
    int parent = 0;
    int group = 0;
    int session = 0;
    int terminal = 0;
    std::sscanf(stat.substr(stat.rfind(')') + 3).c_str(), "%d %d %d %d", &parent, &group, &session,
                &terminal);
    CHECK(parent != getpid());
    CHECK(session != getsid(0));
    CHECK(terminal == 0);
    CHECK(std::filesystem::read_symlink(process + "/cwd") == "/");
    for (const char* stream : {"/fd/0", "/fd/1", "/fd/2"}) {
        CHECK(std::filesystem::read_symlink(process + stream) == "/dev/null");
    }
}

TEST_CASE("what goes wrong before it is ready is told by the command that started it") {
    const Instance instance("failure");
    Outcome outcome = instance.command({"--background", "--event-log", "/nonexistent/events.json"});
    CHECK(outcome.status == 3);
    CHECK(has(outcome.err, "event log /nonexistent/events.json: No such file"));
    CHECK_FALSE(instance.runs());
    outcome = instance.command({"--background", "--surplus"});
    CHECK(outcome.status == 2);
    CHECK(has(outcome.err, "--surplus"));
    const std::string config = "/tmp/" + instance.name + ".json";
    std::ofstream(config) << R"({"limits":{"quantum":1}})";
    outcome = instance.command({"--background", "--config", config});
    CHECK(outcome.status == 2);
    CHECK(has(outcome.err, "\"limits.quantum\""));
    CHECK(has(outcome.err, config));
    CHECK(objects_with(instance.name + ".stats").empty());
    unlink(config.c_str());
}

TEST_CASE("SIGTERM and SIGINT end it in order, SIGHUP and SIGPIPE do not end it") {
    for (const int number : {SIGTERM, SIGINT}) {
        const Instance instance("signal");
        const Child child = start(instance.words({}));
        REQUIRE(until([&] { return instance.runs(); }));
        kill(child.pid, SIGHUP);
        kill(child.pid, SIGPIPE);
        kill(child.pid, SIGXFSZ);
        CHECK(instance.command({"--status"}).status == 0);
        kill(child.pid, number);
        const Outcome outcome = finish(child);
        CHECK(outcome.status == 0);
        CHECK(has(outcome.err, "ready: instance " + instance.name));
    }
}

TEST_CASE("readiness is told to --ready-fd and to a service manager") {
    const Instance instance("ready");
    int ready[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    const std::string path = "/tmp/" + instance.name + ".notify";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, path.c_str());
    const int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    REQUIRE(bind(manager, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    const Child child = start(instance.words({"--ready-fd", "77"}), [&] {
        dup2(ready[1], 77);
        setenv("NOTIFY_SOCKET", path.c_str(), 1);
    });
    close(ready[1]);
    char text[256] = {};
    CHECK(read(ready[0], text, sizeof(text)) == 6);
    CHECK(std::string(text) == "ready\n");
    CHECK(read(ready[0], text, sizeof(text)) == 0);  // and it is closed
    const ssize_t size = recv(manager, text, sizeof(text), 0);
    CHECK(std::string(text, static_cast<std::size_t>(size)) ==
          "READY=1\nMAINPID=" + std::to_string(child.pid));
    CHECK(instance.command({"--stop"}).status == 0);
    const ssize_t last = recv(manager, text, sizeof(text), MSG_DONTWAIT);
    CHECK(std::string(text, last > 0 ? static_cast<std::size_t>(last) : 0) == "STOPPING=1");
    CHECK(finish(child).status == 0);
    close(manager);
    unlink(path.c_str());
}

TEST_CASE("a start that fails closes --ready-fd without a word") {
    const Instance instance("unready");
    int ready[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    const Outcome outcome =
        run(instance.words({"--ready-fd", "77", "--leak-log", "/nonexistent/x"}),
            [&] { dup2(ready[1], 77); });
    close(ready[1]);
    char text[16];
    CHECK(read(ready[0], text, sizeof(text)) == 0);
    CHECK(outcome.status == 3);
}

}  // namespace
}  // namespace tidemark::test
