// SPDX-License-Identifier: Apache-2.0
//
// Collectors that are killed, stopped or robbed of their objects; private ones whose parent goes.
#include <doctest/doctest.h>
#include <sys/prctl.h>

#include <fstream>

#include "process/collector_daemon.hpp"

namespace tidemark::test {
namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST_CASE("after SIGKILL the name is free at once, and the next one starts over what was left") {
    const Instance instance("killed");
    for (int round = 0; round < 10; ++round) {
        const Outcome outcome = instance.command({"--background"});
        REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
        const std::string socket = instance.socket();
        const pid_t pid = instance.pid();
        REQUIRE(pid > 0);
        kill(pid, SIGKILL);
        REQUIRE(until([&] { return !instance.runs(); }));
        CHECK(access(socket.c_str(), F_OK) == 0);  // a leftover, for the next one to replace
    }
    CHECK(instance.command({"--background"}).status == 0);
    CHECK(instance.command({"--stop"}).status == 0);
}

TEST_CASE("one that is stopped (SIGSTOP) is told as running but not answering") {
    const Instance instance("frozen");
    REQUIRE(instance.command({"--background"}).status == 0);
    const pid_t pid = instance.pid();
    kill(pid, SIGSTOP);
    const Outcome outcome = instance.command({"--status"});
    CHECK(outcome.status == 0);
    CHECK(has(outcome.out, std::to_string(pid)));
    CHECK(has(outcome.out, "does not answer"));
    CHECK(instance.command({"--background"}).status == 0);
    kill(pid, SIGCONT);
    CHECK(instance.command({"--stop"}).status == 0);
}

TEST_CASE("without its control socket it is stopped by signal") {
    const Instance instance("socketless");
    REQUIRE(instance.command({"--background"}).status == 0);
    unlink(instance.socket().c_str());
    CHECK(instance.command({"--stop"}).status == 0);
    CHECK_FALSE(instance.runs());
}

TEST_CASE("a lock that somebody removes is made again, so that the name stays taken") {
    const Instance instance("robbed");
    REQUIRE(instance.command({"--background"}).status == 0);
    const pid_t pid = instance.pid();
    for (int round = 0; round < 3; ++round) {
        unlink(("/dev/shm/tidemark." + instance.name + ".lock").c_str());
        REQUIRE(until([&] { return instance.runs(); }));
        CHECK(instance.pid() == pid);
    }
    CHECK(instance.command({}).status == 3);
}

TEST_CASE("another user's or a broken lock object is refused with the reason") {
    const Instance instance("squatted");
    const std::string path = "/dev/shm/tidemark." + instance.name + ".lock";
    REQUIRE(symlink("/tmp/target", path.c_str()) == 0);
    const Outcome outcome = instance.command({"--background"});
    CHECK(outcome.status == 3);
    CHECK(has(outcome.err, "symbolic link"));
    CHECK(instance.command({"--status"}).status == 3);
    unlink(path.c_str());
}

// The test starts a parent that starts the private collector, as `tidemark run` does.
struct PrivateRun {
    pid_t parent = -1;
    int to_parent = -1;  // closing it ends the parent

    explicit PrivateRun(const Instance& instance) {
        int hold[2];
        int ready[2];
        if (pipe2(hold, O_CLOEXEC) != 0 || pipe2(ready, O_CLOEXEC) != 0) std::abort();
        parent = fork();
        if (parent == 0) {
            close(hold[1]);
            setpgid(0, 0);
            start(instance.words({"--private", "--ready-fd", "77"}), [&] { dup2(ready[1], 77); });
            char byte = 0;
            [[maybe_unused]] const ssize_t size = read(hold[0], &byte, 1);
            _exit(0);
        }
        close(hold[0]);
        close(ready[1]);
        char text[16];
        CHECK(read(ready[0], text, sizeof(text)) == 6);
        close(ready[0]);
        to_parent = hold[1];
    }
};

TEST_CASE("a private collector ends with its parent and leaves nothing behind") {
    const Instance instance("private");
    for (const bool by_kill : {false, true}) {
        const PrivateRun run(instance);
        CHECK(instance.runs());
        const std::string socket = instance.socket();
        if (by_kill) kill(run.parent, SIGKILL);
        close(run.to_parent);
        status_of(run.parent);
        CHECK(until([&] { return !instance.runs(); }));
        CHECK(until([&] { return objects_with("tidemark." + instance.name + ".").empty(); }));
        for (const std::string& name : objects_with("tidemark." + instance.name + "."))
            MESSAGE(name);
        CHECK(access(socket.c_str(), F_OK) != 0);
    }
}

TEST_CASE("Ctrl-C for the parent's group does not reach a private collector") {
    const Instance instance("ctrl-c");
    const PrivateRun run(instance);
    const pid_t pid = instance.pid();
    CHECK(getpgid(pid) == pid);
    CHECK(getpgid(run.parent) == run.parent);
    CHECK(instance.command({"--stop"}).status == 0);
    close(run.to_parent);
    status_of(run.parent);
}

// AddressSanitizer insists on being preloaded before anything else.
TEST_CASE("with the malloc tracker preloaded it runs itself again without" *
          doctest::skip(std::string(std::getenv("TIDEMARK_BUILD_PRESET")) == "asan")) {
    const Instance instance("tracked");
    const std::string tracker =
        std::string(std::getenv("TIDEMARK_LIB_DIR")) + "/libtidemark_malloc.so";
    const Child child = start(instance.words({}), [&] {
        setenv("LD_PRELOAD", tracker.c_str(), 1);
        setenv("TIDEMARK_INSTANCE", instance.name.c_str(), 1);
        setenv("TIDEMARK_ENABLED", "1", 1);
    });
    REQUIRE(until([&] { return instance.runs(); }));
    std::ifstream file("/proc/" + std::to_string(child.pid) + "/maps");
    const std::string maps((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    CHECK_FALSE(maps.empty());
    CHECK_FALSE(has(maps, "libtidemark_malloc"));
    CHECK(instance.command({"--stop"}).status == 0);
    finish(child);
}

}  // namespace
}  // namespace tidemark::test
