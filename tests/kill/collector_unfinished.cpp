// SPDX-License-Identifier: Apache-2.0
//
// What a process left that was killed while it made a shared object: a collector removes it, or starts in spite of it.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include "tests/kill/subject_world.hpp"
#include "tests/private_shared_memory.hpp"
#include "tests/process/script_world.hpp"

using namespace tidemark::test;

namespace {

const std::string kFolder = "/dev/shm/";

int make(const std::string& name) {
    return open((kFolder + name).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

void make_old(int descriptor) {
    const timespec hour_ago[2] = {{time(nullptr) - 3600, 0}, {time(nullptr) - 3600, 0}};
    REQUIRE(futimens(descriptor, hour_ago) == 0);
}

bool exists(const std::string& name) { return access((kFolder + name).c_str(), F_OK) == 0; }

}  // namespace

TEST_CASE("a ring whose maker died before it had its name is removed, one being made is not") {
    REQUIRE(has_private_shared_memory());
    const std::string left = "tidemark.tmp.00000000000000a1",
                      locked = "tidemark.tmp.00000000000000a2",
                      young = "tidemark.tmp.00000000000000a3";
    const int left_file = make(left), locked_file = make(locked), young_file = make(young);
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_len = 1;
    REQUIRE(fcntl(locked_file, F_OFD_SETLK, &lock) == 0);
    make_old(left_file);
    make_old(locked_file);
    const OwnInstance instance;
    const Collector collector(instance.name());
    REQUIRE(collector.is_ready());
    CHECK(comes_true([&] { return !exists(left); }));
    CHECK(exists(locked));
    CHECK(exists(young));
    for (const int file : {left_file, locked_file, young_file})
        close(file);
    unlink((kFolder + locked).c_str());
    unlink((kFolder + young).c_str());
}

TEST_CASE("objects that got no size before their maker died don't keep a collector from starting") {
    const OwnInstance instance;
    const std::string prefix = "tidemark." + instance.name();
    for (const char* object : {".ledger", ".stats.new", ".account.00000000000000b1"})
        close(make(prefix + object));
    const Collector collector(instance.name());
    REQUIRE(collector.is_ready());
    Script script("run", {"100"}, instance.tracked());
    REQUIRE(comes_true([&] {
        const auto row = process_of(instance.name(), script.pid());
        return row && row->events == 100;
    }));
}
