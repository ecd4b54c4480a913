// SPDX-License-Identifier: Apache-2.0
//
// Junk under our names, in a /dev/shm of this test's own where it may have one: files by the thousand, links, fifos,
// folders, and rings that are larger than memory. What the collector is disturbed by it is measured in the same run.
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/hostile/hostile_world.hpp"

using namespace tidemark;
using namespace tidemark::test;

namespace {

// Files under names of rings, of `size` bytes, each told of by the directory; removed at the end.
class Junk {
public:
    Junk(int count, off_t size) {
        for (int i = 0; i < count; ++i) {
            char name[64];
            std::snprintf(name, sizeof name, "/dev/shm/tidemark.ring.%08x%08x",
                          static_cast<unsigned>(getpid()), static_cast<unsigned>(i));
            const std::string making = "/dev/shm/junk." + std::to_string(getpid());
            const int file = open(making.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
            if (file < 0 || ftruncate(file, size) != 0 || rename(making.c_str(), name) != 0)
                std::perror(name);
            close(file);
            names_.emplace_back(name);
        }
    }
    ~Junk() {
        for (const std::string& name : names_)
            unlink(name.c_str());
    }
    Junk(const Junk&) = delete;
    Junk& operator=(const Junk&) = delete;

private:
    Words names_;
};

struct Cost {
    std::uint64_t events = 0, ticks = 0, memory_kb = 0;
    double ticks_per_million() const {
        return 1e6 * static_cast<double>(ticks) / static_cast<double>(events + 1);
    }
};

// What the collector takes for so many events of the honest program.
Cost measure(HostileWorld& world, std::uint64_t events) {
    const std::uint64_t before = world.row().events, ticks = world.collector.processor_ticks();
    CHECK(comes_true([&] { return world.row().events > before + events; }));
    return {world.row().events - before, world.collector.processor_ticks() - ticks,
            world.collector.memory_kb()};
}

void compare(const std::string& what, const Cost& quiet, const Cost& disturbed) {
    MESSAGE(what << ": " << quiet.ticks_per_million() << " ticks a million events undisturbed, "
                 << disturbed.ticks_per_million() << " disturbed; " << quiet.memory_kb
                 << " KiB and " << disturbed.memory_kb << " KiB");
    if (!is_sanitized()) CHECK(disturbed.memory_kb < 2 * quiet.memory_kb);
    // Asserted where there is time enough to measure it.
    if (torture_minutes() > 0) CHECK(disturbed.ticks_per_million() < 2 * quiet.ticks_per_million());
}

}  // namespace

TEST_CASE("thousands of junk files under names of rings disturb neither figures nor memory") {
    const int files = torture_minutes() > 0 ? 100'000 : 3'000;
    const std::uint64_t events = torture_minutes() > 0 ? 10'000'000 : 300'000;
    HostileWorld world;
    const Cost quiet = measure(world, events);
    {
        const Junk empty(files, 0);
        CHECK(comes_true([&] { return world.row().rings_refused >= std::uint64_t(files); }));
        compare("junk files", quiet, measure(world, events));
    }
    CHECK(world.collector.has_said("too small for a ring; it is left alone"));
    CHECK(world.collector.has_said("are counted, and not named any more"));
    CHECK(world.honest_differences() == "");
}

TEST_CASE("junk as large as a ring disturbs neither figures nor memory") {
    const int files = torture_minutes() > 0 ? 20'000 : 1'000;
    const std::uint64_t events = torture_minutes() > 0 ? 10'000'000 : 300'000;
    HostileWorld world;
    const Cost quiet = measure(world, events);
    const Junk sparse(files, 1 << 20);
    CHECK(comes_true([&] { return world.row().rings_refused >= std::uint64_t(files); }));
    compare("sparse junk", quiet, measure(world, events));
    CHECK(world.collector.has_said("it does not begin as a ring segment"));
    CHECK(world.honest_differences() == "");
}

TEST_CASE(
    "links, fifos and folders under our names are refused by name, and nothing waits on them") {
    HostileWorld world;
    const std::string ring = "/dev/shm/tidemark.ring." + std::string(8, 'b');
    const HostileRing other(world.instance.name());
    const std::string names[] = {ring + "00000001", ring + "00000002", ring + "00000003",
                                 ring + "00000004", ring + "00000005"};
    REQUIRE(mkfifo(names[0].c_str(), 0600) == 0);
    REQUIRE(mkdir(names[1].c_str(), 0700) == 0);
    REQUIRE(symlink("/etc/passwd", names[2].c_str()) == 0);
    REQUIRE(symlink("/nowhere", names[3].c_str()) == 0);
    REQUIRE(symlink(other.path().c_str(), names[4].c_str()) == 0);
    for (const std::string& name : names) {  // the directory watch hears of it
        REQUIRE(rename(name.c_str(), (name + "x").c_str()) == 0);
        REQUIRE(rename((name + "x").c_str(), name.c_str()) == 0);
    }
    for (const std::string& name : names)
        CHECK(comes_true([&] {
            return world.collector.has_said("cannot attach " + name + ": not a regular file");
        }));
    CHECK(world.honest_differences() == "");
    for (const std::string& name : names)
        CHECK(std::remove(name.c_str()) == 0);
}

TEST_CASE("what squats the name of an account is in its own image's way alone") {
    HostileWorld world;
    HostileRing ring(world.instance.name());
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(ring.image));
    const std::string account = "/dev/shm/tidemark." + world.instance.name() + ".account." + digits;
    REQUIRE(mkdir(account.c_str(), 0700) == 0);
    ring.appear();
    ring.work(10);
    CHECK(comes_true([&] { return world.collector.has_said(ring.name); }));
    CHECK(world.honest_differences() == "");
    CHECK(rmdir(account.c_str()) == 0);
}

TEST_CASE("a ring of many terabytes is refused, and takes no address space from others") {
    HostileWorld world;
    HostileRing ring(world.instance.name());
    const std::uint64_t huge = 1ull << 44;
    ring.header().object_size = huge;
    ring.cut(huge);
    ring.appear();
    CHECK(
        comes_true([&] { return world.collector.has_said("it is larger than any ring may be"); }));
    CHECK(comes_true([&] { return world.row().rings_refused == 1; }));
    CHECK(world.honest_differences() == "");
}
