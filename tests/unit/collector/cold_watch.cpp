// SPDX-License-Identifier: Apache-2.0
//
// What inotify says about ring objects, on this kernel: the collector's knowledge of starts, execs and deaths rests on
// it. Then the watches themselves.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pthread.h>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "collector/process_watch.hpp"
#include "collector/watch.hpp"
#include "fake_door.hpp"

namespace tidemark::collector {
namespace {

using std::chrono::milliseconds;
constexpr std::size_t kSize = 8192;

// Of the kind that /dev/shm is, but where no other collector looks.
struct OwnDirectory {
    std::string path = "/dev/shm/tidemark-cold-watch-" + std::to_string(getpid());
    OwnDirectory() { std::filesystem::create_directory(path); }
    ~OwnDirectory() { std::filesystem::remove_all(path); }
};

struct Watched {
    OwnDirectory directory;
    std::string path = directory.path + "/tidemark.ring.000000000000c01d";
    std::string temporary = directory.path + "/tidemark.tmp.000000000000c01d";
    EventLoop loop;
    FakeDoor door{loop};
    int locks_removed = 0;
    Watch watch{loop, door, "tidemark.cold-watch.lock", [this] { ++locks_removed; }};

    Watched() {
        std::string text;
        REQUIRE_MESSAGE(loop.open(text), text);
        watch.open(directory.path, text);
        REQUIRE_MESSAGE(text.empty(), text);
    }
    void run_for(milliseconds time) {
        loop.after(time, [this] { loop.stop(); });
        loop.run();
    }
    // "A" appeared, "R" released; each release is told twice.
    std::string story() {
        std::string result;
        for (const RingNews& news : door.news) {
            result += news.kind == RingNews::Kind::kAppeared ? 'A' : 'R';
        }
        return result;
    }
    // Waits for the story, then a little for what should not follow.
    void check_story(const std::string& expected) {
        for (int i = 0; i < 1000 && story() != expected; ++i)
            run_for(milliseconds(10));
        run_for(milliseconds(50));
        CHECK(story() == expected);
    }

    // As a producer does: make, map, rename, close; the mapping stays.
    char* publish() const {
        const int fd = open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || ftruncate(fd, kSize) != 0) _exit(90);
        struct flock lock {};
        lock.l_type = F_WRLCK;
        lock.l_len = 1;
        fcntl(fd, F_OFD_SETLK, &lock);
        void* memory = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        madvise(memory, kSize, MADV_DONTFORK);
        if (memory == MAP_FAILED || rename(temporary.c_str(), path.c_str()) != 0) _exit(91);
        close(fd);
        return static_cast<char*>(memory);
    }
    bool producer_holds_lock() const {
        const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
        struct flock lock {};
        lock.l_type = F_WRLCK;
        lock.l_len = 1;
        fcntl(fd, F_OFD_GETLK, &lock);
        close(fd);
        return lock.l_type != F_UNLCK;
    }
};

// A child that publishes a ring, waits for a byte, then does `ending`.
template <typename Ending>
void check_release(Ending ending) {
    Watched watched;
    int go[2];
    REQUIRE(pipe2(go, O_CLOEXEC) == 0);
    const pid_t child = fork();
    if (child == 0) {
        char* memory = watched.publish();
        char byte = 0;
        if (read(go[0], &byte, 1) != 1) _exit(92);
        ending(memory);
        pause();
    }
    // Closing the descriptor told nothing: the mapping keeps the file.
    watched.check_story("A");
    CHECK(watched.producer_holds_lock());
    CHECK(write(go[1], "x", 1) == 1);
    watched.check_story("ARR");
    CHECK_FALSE(watched.producer_holds_lock());
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    watched.check_story("ARR");
    close(go[0]);
    close(go[1]);
}

TEST_CASE("an exit releases the ring") {
    check_release([](char*) { _exit(0); });
}
TEST_CASE("SIGKILL releases the ring") {
    check_release([](char*) { kill(getpid(), SIGKILL); });
}
TEST_CASE("an exec releases the ring") {
    check_release([](char*) { execl("/bin/sleep", "sleep", "5", nullptr); });
}
TEST_CASE("unmapping releases the ring") {
    check_release([](char* memory) { munmap(memory, kSize); });
}
TEST_CASE("the end releases the ring although a forked child lives on") {
    check_release([](char*) {
        if (fork() == 0) {
            sleep(1);
            _exit(0);
        }
        _exit(0);
    });
}

TEST_CASE("a leader thread that ends releases nothing while another thread runs") {
    Watched watched;
    static int go[2];
    REQUIRE(pipe2(go, O_CLOEXEC) == 0);
    const pid_t child = fork();
    if (child == 0) {
        watched.publish();
        pthread_t thread{};
        const auto wait = [](void*) -> void* {
            char byte = 0;
            _exit(read(go[0], &byte, 1) == 1 ? 0 : 1);
        };
        pthread_create(&thread, nullptr, wait, nullptr);
        syscall(SYS_exit, 0);  // this thread alone
    }
    watched.check_story("A");
    CHECK(watched.producer_holds_lock());
    CHECK(write(go[1], "x", 1) == 1);
    watched.check_story("ARR");
    CHECK_FALSE(watched.producer_holds_lock());
    waitpid(child, nullptr, 0);
}

TEST_CASE("of an unlinked ring nothing is told") {
    Watched watched;
    const pid_t child = fork();
    if (child == 0) {
        watched.publish();
        pause();
    }
    watched.check_story("A");
    unlink(watched.path.c_str());
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    watched.check_story("A");
}

TEST_CASE("many events are handed over in few calls, and look() has all that happened before it") {
    Watched watched;
    constexpr int kRings = 500;
    for (int i = 0; i < kRings; ++i) {
        watched.publish();
        unlink(watched.path.c_str());
    }
    watched.watch.look();
    CHECK(watched.story() == std::string(kRings, 'A'));
    CHECK(watched.door.ring_calls == 1);
}

TEST_CASE("the instance lock's removal is told, other objects are not") {
    Watched watched;
    for (const char* name : {"/tidemark.cold-watch.lock", "/tidemark.cold-watch.other"}) {
        const std::string object = watched.directory.path + name;
        close(open(object.c_str(), O_CREAT | O_RDWR, 0600));
        unlink(object.c_str());
    }
    watched.watch.look();
    CHECK(watched.locks_removed == 1);
}

TEST_CASE("where the directory can't be watched it is scanned, and the reason is told") {
    EventLoop loop;
    FakeDoor door(loop);
    std::string warning;
    REQUIRE(loop.open(warning));
    Watch watch(loop, door, "x", [] {});
    watch.open("/nonexistent", warning);
    CHECK(warning.find("/nonexistent: No such file") != std::string::npos);
    for (int i = 0; i < 1000 && door.rescans < 2; ++i) {
        loop.after(milliseconds(10), [&] { loop.stop(); });
        loop.run();
    }
    CHECK(door.rescans >= 2);
}

struct Processes {
    EventLoop loop;
    FakeDoor door{loop};
    ProcessWatch processes{loop, door};
    Processes() {
        std::string error;
        REQUIRE(loop.open(error));
    }
    void run_for(milliseconds time) {
        loop.after(time, [this] { loop.stop(); });
        loop.run();
    }
};

pid_t sleeper() {
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    return child;
}

TEST_CASE("the end of a process is told once, before anybody has waited for it") {
    Processes watched;
    const pid_t child = sleeper();
    watched.processes.attached(1, child);
    watched.processes.attached(2,
                               child);  // it executed another program: one descriptor serves both
    CHECK(watched.processes.watched() == 1);
    watched.run_for(milliseconds(50));
    CHECK(watched.door.ended.empty());
    kill(child, SIGKILL);
    for (int i = 0; i < 1000 && watched.door.ended.empty(); ++i) {
        watched.run_for(milliseconds(10));
    }
    CHECK(watched.door.ended == std::vector<std::uint64_t>{2});
    CHECK(watched.processes.watched() == 0);
    waitpid(child, nullptr, 0);
    watched.processes.attached(3, child);  // gone already
    CHECK(watched.door.ended == std::vector<std::uint64_t>{2, 3});
}

TEST_CASE("without descriptors a process goes unwatched and is counted") {
    Processes watched;
    const pid_t child = sleeper();
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    const rlimit none{3, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    watched.processes.attached(1, child);
    setrlimit(RLIMIT_NOFILE, &before);
    CHECK(watched.processes.unwatched() == 1);
    CHECK(watched.processes.watched() == 0);
    watched.processes.attached(1, child);
    CHECK(watched.processes.watched() == 1);
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

}  // namespace
}  // namespace tidemark::collector
