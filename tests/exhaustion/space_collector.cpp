// SPDX-License-Identifier: Apache-2.0
//
// A collector with so much left of /dev/shm and no more: at its start, when it takes over what an earlier one left,
// when programs end. It starts or says why not, it never dies of it, and readers don't either.
#include "tests/exhaustion/host.hpp"
#include "tests/exhaustion/small_shm.hpp"
#include "tests/exhaustion/viewer.hpp"

using namespace tidemark::test;

namespace {

constexpr std::uint64_t kSmall = 64 << 20;

// Everything that a person may look at.
void check_viewers(const std::string& instance) {
    for (const char* verb : {"query", "smi", "buffers", "leaks"}) {
        INFO(verb);
        CHECK(view(instance, {verb}).status < 2);
    }
}

}  // namespace

TEST_CASE("a collector starts, or says why not and leaves nothing, however little is left") {
    SmallShm shm(kSmall);
    bool started = false;
    for (const std::uint64_t pages : {0, 1, 2, 16, 200, 300, 450, 490, 500, 510, 520, 560, 1000}) {
        INFO(pages << " pages");
        const OwnInstance instance;
        REQUIRE(shm.leave(pages * kPageBytes));
        Collector collector(instance.name());
        CHECK((collector.is_ready() || !started));  // more is never too little
        started = collector.is_ready();
        if (started) {
            check_viewers(instance.name());
            CHECK_FALSE(collector.has_ended());
        } else {
            CHECK(collector.wait() == 3 << 8);
            CHECK(shm.free_bytes() + kPageBytes >= pages * kPageBytes);  // but for its lock
        }
        collector.kill();
        shm.release();
    }
    CHECK(started);
}

TEST_CASE("a collector that is started again with nothing left shows what its predecessor kept") {
    SmallShm shm(kSmall);
    const OwnInstance instance;
    auto collector = std::make_unique<Collector>(instance.name());
    for (const char* events : {"3", "4", "1000"}) {  // what they leave: 3, 2, 500 buffers
        Script script("end", {events}, instance.tracked());
        CHECK(script.wait() == 0);
    }
    HostProgram all_freed(instance.tracked());
    CHECK(all_freed.tell("pair 1") == "1 1");
    CHECK(all_freed.ends());
    REQUIRE(comes_true([&] { return collector_of(instance.name()).processes_seen == 4; }));
    REQUIRE(comes_true([&] { return collector_of(instance.name()).processes_running == 0; }));
    const auto before = usage_of(instance.name());
    check_viewers(instance.name());
    REQUIRE(shm.leave(0));
    check_viewers(instance.name());
    collector->kill();
    // It needs the room of a stats segment; the rest has to do with what there is.
    for (const std::uint64_t pages : {90, 20, 12, 6, 4}) {
        INFO(pages << " pages");
        shm.release();
        unlink(("/dev/shm/tidemark." + instance.name() + ".stats").c_str());
        REQUIRE(shm.leave(pages * kPageBytes));
        collector = std::make_unique<Collector>(instance.name());
        if (!collector->is_ready()) {
            CHECK(collector->wait() == 3 << 8);
            continue;
        }
        check_viewers(instance.name());
        CHECK_FALSE(collector->has_ended());
        collector->kill();
    }
    shm.release();
    collector = std::make_unique<Collector>(instance.name());
    REQUIRE(collector->is_ready());
    const auto after = usage_of(instance.name());
    REQUIRE(after);
    CHECK(after->allocations == before->allocations);
    CHECK(after->frees == before->frees);
    CHECK(after->exact == 1);
}

TEST_CASE(
    "more threads than a full /dev/shm has room for wait in their rings and are drained later") {
    SmallShm shm(kSmall);
    const OwnInstance instance;
    Collector collector(instance.name());
    HostProgram host(instance.tracked());
    REQUIRE(host.does(100, 8));
    REQUIRE(comes_true([&] { return accounted(instance.name(), host.pid()) == host.sent(); }));
    collector.signal(SIGSTOP);
    REQUIRE(host.does(100, 120));
    REQUIRE(shm.leave(0));
    collector.signal(SIGCONT);
    CHECK(host.does(10));
    CHECK(comes_true([&] { return collector_of(instance.name()).passes > 0; }));
    check_viewers(instance.name());
    CHECK_FALSE(collector.has_ended());
    shm.release();
    CHECK(comes_true([&] { return accounted(instance.name(), host.pid()) == host.sent(); }));
    CHECK(host.ends());
}

TEST_CASE("programs that end while nothing is left are reported, folded and forgotten") {
    SmallShm shm(kSmall);
    const OwnInstance instance;
    Collector collector(instance.name(), {"--exited-grace", "1"});
    Sum sent;
    std::vector<std::unique_ptr<HostProgram>> hosts;
    for (int i = 0; i < 12; ++i) {
        hosts.push_back(std::make_unique<HostProgram>(instance.tracked()));
        REQUIRE(hosts.back()->does(i == 0 ? 20'000 : 40));
        REQUIRE(comes_true([&] {
            return accounted(instance.name(), hosts.back()->pid()) == hosts.back()->sent();
        }));
        sent.allocations += hosts.back()->sent().allocations;
        sent.frees += hosts.back()->sent().frees;
    }
    REQUIRE(shm.leave(0));
    for (const auto& host : hosts)
        CHECK(host->ends());
    CHECK(comes_true([&] { return collector_of(instance.name()).processes_running == 0; }));
    check_viewers(instance.name());
    CHECK(comes_true([&] { return query(instance.name()).at("processes").empty(); }));
    const auto all = usage_of(instance.name());
    REQUIRE(all);
    CHECK(all->allocations + all->lost_allocations == sent.allocations);
    CHECK(all->current == 0);
    CHECK_FALSE(collector.has_ended());
}

TEST_CASE(
    "a stats segment that is removed while nothing is left comes back with space, and readers "
    "wait") {
    SmallShm shm(kSmall);
    const OwnInstance instance;
    Collector collector(instance.name());
    HostProgram host(instance.tracked());
    REQUIRE(host.does(100));
    REQUIRE(comes_true([&] { return accounted(instance.name(), host.pid()) == host.sent(); }));
    Script script("end", {"4"}, instance.tracked());
    CHECK(script.wait() == 0);
    REQUIRE(comes_true([&] { return collector_of(instance.name()).processes_running == 1; }));
    tidemark::StatsReader old = read_stats(instance.name());
    REQUIRE(shm.leave(0));  // before: a heartbeat makes a missing segment anew while it can
    unlink(("/dev/shm/tidemark." + instance.name() + ".stats").c_str());
    CHECK(host.does(100));
    CHECK(comes_true([&] {  // who had it open sees on
        const auto row = old.read<tidemark_collector_row>(0);
        return row && row->events >= 2 * 125;
    }));
    CHECK(view(instance.name(), {"query"}).status == 3);
    shm.release();
    CHECK(comes_true([&] { return old.superseded(); }));
    CHECK(comes_true([&] { return accounted(instance.name(), host.pid()) == host.sent(); }));
    CHECK(query(instance.name()).at("processes").size() == 2);
    CHECK(host.ends());
    CHECK_FALSE(collector.has_ended());
}
