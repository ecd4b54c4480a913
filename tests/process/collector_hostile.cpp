// SPDX-License-Identifier: Apache-2.0
//
// The real collector's control socket under clients that lie, flood, stall and vanish; it must go on serving.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <fstream>
#include <random>

#include "process/collector_daemon.hpp"

namespace tidemark::test {
namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

int connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0)
        return descriptor;
    close(descriptor);
    return -1;
}

std::string ask(const std::string& path, const std::string& request, int milliseconds = 30'000) {
    const int descriptor = connect_to(path);
    std::string answer;
    [[maybe_unused]] const ssize_t sent =
        send(descriptor, request.data(), request.size(), MSG_NOSIGNAL);
    pollfd ready{descriptor, POLLIN, 0};
    while (answer.find('\n') == std::string::npos && poll(&ready, 1, milliseconds) > 0) {
        char bytes[4096];
        const ssize_t size = recv(descriptor, bytes, sizeof(bytes), 0);
        if (size <= 0) break;
        answer.append(bytes, static_cast<std::size_t>(size));
    }
    close(descriptor);
    return answer;
}

std::size_t descriptors_of(pid_t pid) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
        ++count;
    }
    return count;
}

TEST_CASE(
    "random bytes, half requests and floods are answered or dropped, and cost no descriptor") {
    const Instance instance("hostile");
    REQUIRE(instance.command({"--background"}).status == 0);
    const std::string socket = instance.socket();
    const pid_t pid = instance.pid();
    const std::size_t before = descriptors_of(pid);
    std::minstd_rand random(4711);
    for (int round = 0; round < 400; ++round) {
        const int descriptor = connect_to(socket);
        REQUIRE(descriptor >= 0);
        std::string bytes(random() % 9000, '\0');
        for (char& byte : bytes)
            byte = static_cast<char>(round % 2 == 0 ? random() : ' ' + random() % 95);
        [[maybe_unused]] const ssize_t sent =
            send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (round % 5 == 0) shutdown(descriptor, SHUT_WR);
        close(descriptor);
    }
    CHECK(has(ask(socket, "{\"command\":\"status\"}\n"), "\"ok\":true"));
    CHECK(has(ask(socket, "{\"command\":\"flush\"}\n"), "\"pass\":"));
    CHECK(has(ask(socket, "{\"command\":\"clean\"}\n"), "\"removed\":"));
    CHECK(has(ask(socket, "{\"command\":\"settle\",\"timeout_ms\":0}\n"), "\"running\":"));
    CHECK(until([&] { return descriptors_of(pid) <= before; }));
    CHECK(instance.pid() == pid);
}

TEST_CASE("silent clients in all places hold it up neither in its work nor at its end") {
    const Instance instance("silent");
    REQUIRE(instance.command({"--background"}).status == 0);
    const std::string socket = instance.socket();
    std::vector<int> silent;
    for (int i = 0; i < 64; ++i) {
        silent.push_back(connect_to(socket));
        if (i % 2 == 0) send(silent.back(), "{\"command\":\"events\"}\n", 21, MSG_NOSIGNAL);
    }
    CHECK(until([&] { return has(ask(socket, "{\"command\":\"status\"}\n"), "64 clients"); }));
    // No place for a request to stop: the signal does it.
    const auto begun = std::chrono::steady_clock::now();
    CHECK(instance.command({"--stop"}).status == 0);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(25));
    for (const int descriptor : silent)
        close(descriptor);
}

TEST_CASE("with no descriptors left it goes on, and serves again when there are some") {
    const Instance instance("starved");
    const Child child = start(instance.words({}), [] {
        const rlimit few{24, 24};
        setrlimit(RLIMIT_NOFILE, &few);
    });
    REQUIRE(until([&] { return instance.runs(); }));
    const std::string socket = instance.socket();
    std::vector<int> many;
    for (int i = 0; i < 40; ++i)
        many.push_back(connect_to(socket));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    CHECK(kill(child.pid, 0) == 0);
    for (const int descriptor : many)
        close(descriptor);
    CHECK(until([&] { return has(ask(socket, "{\"command\":\"status\"}\n"), "\"ok\":true"); }));
    kill(child.pid, SIGTERM);
    CHECK(finish(child).status == 0);
}

TEST_CASE("a follower of events that vanishes in the middle harms nothing") {
    const Instance instance("follower");
    REQUIRE(instance.command({"--background"}).status == 0);
    const std::string socket = instance.socket();
    for (int i = 0; i < 100; ++i) {
        const int descriptor = connect_to(socket);
        send(descriptor, "{\"command\":\"events\",\"pid\":1}\n", 29, MSG_NOSIGNAL);
        close(descriptor);
    }
    CHECK(has(ask(socket, "{\"command\":\"status\"}\n"), "\"ok\":true"));
    CHECK(has(ask(socket, "{\"command\":\"stop\"}\n"), "\"ok\":true"));
    CHECK(until([&] { return !instance.runs(); }));
}

}  // namespace
}  // namespace tidemark::test
