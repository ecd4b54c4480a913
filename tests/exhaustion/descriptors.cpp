// SPDX-License-Identifier: Apache-2.0
//
// No descriptor, or no room for a map (by RLIMIT_AS, since vm.max_map_count holds for the whole system), in a program and
// in the collector: the program does what it always does, the collector says so once and serves the rest, and both go on
// where they stopped once the limit is gone.
#include <sys/resource.h>

#include "tests/exhaustion/host.hpp"
#include "tests/exhaustion/logged.hpp"
#include "tests/exhaustion/viewer.hpp"
#include "tests/private_shared_memory.hpp"

using namespace tidemark::test;

namespace {

rlimit limit_of(pid_t pid, __rlimit_resource what) {
    rlimit limit{};
    prlimit(pid, what, nullptr, &limit);
    return limit;
}

// A soft limit, taken back at the end.
class Limited {
public:
    Limited(pid_t pid, __rlimit_resource what, rlim_t most)
        : pid_(pid), what_(what), before_(limit_of(pid, what)) {
        const rlimit now{most, before_.rlim_max};
        REQUIRE(prlimit(pid_, what_, &now, nullptr) == 0);
    }
    ~Limited() { prlimit(pid_, what_, &before_, nullptr); }
    Limited(const Limited&) = delete;
    Limited& operator=(const Limited&) = delete;

private:
    pid_t pid_;
    __rlimit_resource what_;
    rlimit before_;
};

// The limit that leaves `more` to be had, at a moment: numbers are given out from the lowest.
rlim_t descriptors_now_and(pid_t pid, int more) {
    for (int number = 0;; ++number) {
        const std::string path = "/proc/" + std::to_string(pid) + "/fd/" + std::to_string(number);
        if (faccessat(AT_FDCWD, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) continue;
        if (more-- == 0) return static_cast<rlim_t>(number);
    }
}

// A collector opens what it finds in /dev/shm for a moment, now and then.
rlim_t descriptors_and(pid_t pid, int more) {
    rlim_t least = descriptors_now_and(pid, more);
    for (int i = 0; i < 50; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        least = std::min(least, descriptors_now_and(pid, more));
    }
    return least;
}

rlim_t address_space_of(pid_t pid) {
    std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
    rlim_t pages = 0;
    statm >> pages;
    return pages * 4096;
}

struct LoggedCollector {
    // One that lacks descriptors would try rings of others, too.
    const bool has_own_shm = has_private_shared_memory();
    OwnFolder folder;
    OwnInstance instance;
    std::string path = folder / "log";
    std::unique_ptr<Collector> collector = logged_collector(instance.name(), {}, path);
};

bool is_complete(const std::string& instance, const HostProgram& host) {
    return comes_true([&] { return accounted(instance, host.pid()) == host.sent(); });
}

// Programs that start under the limit wait, those from before don't notice, and afterwards all are exact.
template <class Most>
void starve_collector(LoggedCollector& world, __rlimit_resource what, Most most) {
    const std::string& instance = world.instance.name();
    HostProgram before(world.instance.tracked());
    REQUIRE(before.does(100));
    REQUIRE(is_complete(instance, before));
    std::vector<std::unique_ptr<HostProgram>> hosts;
    {
        const Limited limited(world.collector->pid(), what, most(world.collector->pid()));
        for (int i = 0; i < 5; ++i) {
            hosts.push_back(std::make_unique<HostProgram>(world.instance.tracked()));
            CHECK(hosts.back()->does(100));
        }
        CHECK(comes_true([&] { return times(world.path, "others that need the same") == 1; }));
        CHECK(before.does(1000));
        CHECK(is_complete(instance, before));
        CHECK_FALSE(process_of(instance, hosts.back()->pid()).has_value());
        CHECK(query(instance).at("collector").at("state") == "running");
    }
    for (const auto& host : hosts) {
        CHECK(is_complete(instance, *host));
        CHECK(process_of(instance, host->pid())->exact == 1);
    }
    CHECK(times(world.path, "others that need the same") == 1);
    CHECK(comes_true([&] { return times(world.path, "all rings are drained again") == 1; }));
    CHECK_FALSE(world.collector->has_ended());
}

}  // namespace

TEST_CASE("a program without a descriptor to spare is tracked once it has one") {
    LoggedCollector world;
    HostProgram host(world.instance.tracked());
    CHECK(host.tell("lost") != "gone");  // it runs
    {
        const Limited limited(host.pid(), RLIMIT_NOFILE, 3);
        CHECK(host.does(1000, 2));
        CHECK(host.lost(TIDEMARK_LOSS_NO_SPACE).allocations == 2000);
    }
    CHECK(comes_true([&] {
        host.does(4);
        return host.tell("flush") == "0" &&
               accounted(world.instance.name(), host.pid()) == host.sent();
    }));
    const Limited limited(host.pid(), RLIMIT_NOFILE, 3);
    const Sum lost = lost_of(*process_of(world.instance.name(), host.pid()));
    CHECK(host.does(20'000, 3));  // new lanes, larger blocks: nothing of it takes a descriptor
    CHECK(is_complete(world.instance.name(), host));
    CHECK(lost_of(*process_of(world.instance.name(), host.pid())) == lost);
    CHECK(host.ends());
}

TEST_CASE("a program without room for a map is tracked once it has some") {
    LoggedCollector world;
    HostProgram host(world.instance.tracked({{"TIDEMARK_RING_BUDGET", "1G"}}));
    CHECK(host.tell("lost") != "gone");  // it runs
    {
        const Limited limited(host.pid(), RLIMIT_AS, address_space_of(host.pid()) + (256 << 20));
        CHECK(host.does(1000, 2));
        CHECK(host.lost(TIDEMARK_LOSS_NO_SPACE).allocations == 2000);
    }
    CHECK(comes_true([&] {
        host.does(4);
        return host.tell("flush") == "0" &&
               accounted(world.instance.name(), host.pid()) == host.sent();
    }));
    CHECK(host.ends());
}

TEST_CASE("a collector without a descriptor to spare serves the rest, and all once it has some") {
    for (const int more : {0, 1}) {
        INFO(more << " more");
        LoggedCollector world;
        starve_collector(world, RLIMIT_NOFILE,
                         [more](pid_t pid) { return descriptors_and(pid, more); });
    }
}

TEST_CASE("a collector without room for a map serves the rest, and all once it has some") {
    LoggedCollector world;
    // A program's table takes 4 GiB, of address space.
    starve_collector(world, RLIMIT_AS,
                     [](pid_t pid) { return address_space_of(pid) + (rlim_t{2} << 30); });
}

TEST_CASE("clients of the older socket wait for a descriptor and are answered then") {
    GatewayWorld world;
    const OlderClient client(world.path);
    CHECK(client.tell("alloc 0 0 1 100") == "ok");
    CHECK(ask(world.path, 0).dram == 100);
    older::Answer answer;
    std::thread asks;
    {
        const pid_t pid = world.collector->pid();
        const Limited limited(pid, RLIMIT_NOFILE, descriptors_and(pid, 0));
        CHECK(client.tell("alloc 0 0 2 100") == "ok");
        asks = std::thread([&] { answer = ask(world.path, 0); });
        CHECK(comes_true([&] {
            const auto row = world.client_row(client.pid());
            return row && row->events == 2;
        }));
        CHECK_FALSE(world.collector->has_ended());
    }
    asks.join();
    CHECK(answer.dram == 200);
}
