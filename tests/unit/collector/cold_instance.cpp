// SPDX-License-Identifier: Apache-2.0
//
// Names of instances, and the lock that makes one exclusive: between processes, after a death, against squatters.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "collector/directory.hpp"
#include "collector/instance.hpp"
#include "collector/instance_lock.hpp"

namespace tidemark::collector {
namespace {

using Taken = InstanceLock::Taken;
using State = InstanceHolder::State;

struct Name {
    std::string instance = "cold-lock-" + std::to_string(getpid());
    std::string path = instance_lock_path(instance);
    ~Name() { unlink(path.c_str()); }
};

// A child that takes the lock, says so, and keeps it until it is killed.
pid_t holder(const std::string& instance) {
    int ready[2];
    REQUIRE(pipe(ready) == 0);
    const pid_t child = fork();
    if (child == 0) {
        InstanceLock lock;
        std::string error;
        InstanceRecord record = own_record();
        record.ready = true;
        record.control_socket = "/tmp/some.sock";
        const bool taken = lock.take(instance, error) == Taken::kYes && lock.write(record, error);
        [[maybe_unused]] const ssize_t size = write(ready[1], taken ? "y" : "n", 1);
        pause();
        _exit(0);
    }
    char answer = 0;
    REQUIRE(read(ready[0], &answer, 1) == 1);
    CHECK(answer == 'y');
    close(ready[0]);
    close(ready[1]);
    return child;
}

void end(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

TEST_CASE("names of instances") {
    std::string error;
    CHECK(default_instance(0) == "system");
    CHECK(default_instance(1000) == "user-1000");
    for (const char* good : {"system", "user-0", "a.b", "run-12.ab", "Ring", "ringer", "x.ring"}) {
        CHECK_MESSAGE(valid_instance(good, error), good);
    }
    for (const char* bad : {"", "a/b", "a b", "ring", "ring.x", "tmp.1", "bell", "bell.0",
                            "a.account", "a.account.b", "account", "\xc3\xa4", "a\n"}) {
        CHECK_FALSE_MESSAGE(valid_instance(bad, error), bad);
    }
    CHECK(valid_instance(std::string(63, 'a'), error));
    CHECK_FALSE(valid_instance(std::string(64, 'a'), error));
}

TEST_CASE("one process at a time holds a name, and says who it is") {
    const Name name;
    CHECK(inspect_instance(name.instance).state == State::kNone);
    const pid_t child = holder(name.instance);
    InstanceLock mine;
    std::string error;
    CHECK(mine.take(name.instance, error) == Taken::kHeldByAnother);
    const InstanceHolder seen = inspect_instance(name.instance);
    CHECK(seen.state == State::kHeld);
    CHECK(seen.record.pid == child);
    CHECK(seen.record.ready);
    CHECK(seen.record.control_socket == "/tmp/some.sock");
    const int pidfd = open_holder(seen.record);
    CHECK(pidfd >= 0);
    close(pidfd);
    end(child);
    CHECK(inspect_instance(name.instance).state == State::kNone);
    CHECK(open_holder(seen.record) == -1);
    CHECK(mine.take(name.instance, error) == Taken::kYes);
}

TEST_CASE("a record whose pid now belongs to another process leads to nobody") {
    InstanceRecord record = own_record();
    record.start_ticks += 1;
    CHECK(open_holder(record) == -1);
    record = own_record();
    record.pid_namespace += 1;
    CHECK(open_holder(record) == -1);
}

TEST_CASE(
    "within one process two locks exclude each other, and a new record replaces a longer one") {
    const Name name;
    InstanceLock first;
    InstanceLock second;
    std::string error;
    REQUIRE(first.take(name.instance, error) == Taken::kYes);
    CHECK(second.take(name.instance, error) == Taken::kHeldByAnother);
    InstanceRecord record = own_record();
    record.control_socket = std::string(107, 'x');
    REQUIRE(first.write(record, error));
    record.control_socket = "y";
    REQUIRE(first.write(record, error));
    CHECK(inspect_instance(name.instance).record.control_socket == "y");
}

TEST_CASE("a name removed from outside is noticed, and only our own object is unlinked") {
    const Name name;
    InstanceLock first;
    std::string error;
    REQUIRE(first.take(name.instance, error) == Taken::kYes);
    CHECK(first.in_place());
    unlink(name.path.c_str());
    CHECK_FALSE(first.in_place());
    InstanceLock second;
    REQUIRE(second.take(name.instance, error) == Taken::kYes);
    first.remove();
    CHECK(second.in_place());
    second.remove();
    CHECK(access(name.path.c_str(), F_OK) != 0);
}

TEST_CASE(
    "what stands there and is no lock of ours is refused with the reason, or makes way for root") {
    const Name name;
    InstanceLock lock;
    std::string error;
    REQUIRE(symlink("/tmp/anything", name.path.c_str()) == 0);
    CHECK(lock.take(name.instance, error) == Taken::kFailed);
    CHECK(error.find("symbolic link") != std::string::npos);
    CHECK(access("/tmp/anything", F_OK) != 0);
    unlink(name.path.c_str());
    REQUIRE(mkfifo(name.path.c_str(), 0600) == 0);
    CHECK(lock.take(name.instance, error) == Taken::kFailed);
    CHECK(error.find("not a regular file") != std::string::npos);
    unlink(name.path.c_str());
    close(open(name.path.c_str(), O_CREAT | O_RDWR, 0600));
    const std::string other = "/dev/shm/" + name.instance + ".other";
    REQUIRE(link(name.path.c_str(), other.c_str()) == 0);
    CHECK(lock.take(name.instance, error) == Taken::kFailed);
    CHECK(error.find("hard link") != std::string::npos);
    unlink(other.c_str());
    if (geteuid() == 0) {
        REQUIRE(chown(name.path.c_str(), 12345, 12345) == 0);
        CHECK(lock.take(name.instance, error) == Taken::kYes);  // root takes its name back
        CHECK(lock.in_place());
    }
}

TEST_CASE("the control socket's directory is ours alone to write") {
    std::string path;
    std::string error;
    REQUIRE_MESSAGE(control_socket_path("cold", path, error), error);
    CHECK(path.substr(path.size() - 10) == "/cold.sock");
    struct stat status {};
    REQUIRE(stat(path.substr(0, path.rfind('/')).c_str(), &status) == 0);
    CHECK(status.st_uid == geteuid());
    CHECK((status.st_mode & 022) == 0);
}

// Only root can become somebody else to try it.
TEST_CASE("a directory that somebody else made or linked is refused" *
          doctest::skip(geteuid() != 0)) {
    const pid_t child = fork();
    if (child == 0) {
        if (setgid(23456) != 0 || setuid(23456) != 0) _exit(10);
        unsetenv("XDG_RUNTIME_DIR");
        std::string path;
        std::string error;
        _exit(control_socket_path("cold", path, error)          ? 11
              : error.find("/tmp/tidemark-23456") != error.npos ? 0
                                                                : 12);
    }
    REQUIRE(child > 0);
    waitpid(child, nullptr, 0);  // first without an obstacle
    const std::string place = "/tmp/tidemark-23456";
    rmdir(place.c_str());
    const auto attempt = [] {
        const pid_t again = fork();
        if (again == 0) {
            if (setgid(23456) != 0 || setuid(23456) != 0) _exit(10);
            unsetenv("XDG_RUNTIME_DIR");
            std::string path;
            std::string error;
            _exit(control_socket_path("cold", path, error) ? 1 : 0);
        }
        int status = 0;
        waitpid(again, &status, 0);
        return WEXITSTATUS(status);
    };
    CHECK(attempt() == 1);  // made by itself
    rmdir(place.c_str());
    REQUIRE(mkdir(place.c_str(), 0777) == 0);  // root's
    CHECK(attempt() == 0);
    rmdir(place.c_str());
    REQUIRE(symlink("/tmp", place.c_str()) == 0);
    CHECK(attempt() == 0);
    unlink(place.c_str());
}

}  // namespace
}  // namespace tidemark::collector
