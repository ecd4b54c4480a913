// SPDX-License-Identifier: Apache-2.0
//
// Programs with so much left of /dev/shm and no more, from nothing to all that ring, account, table and rows may want:
// each page more moves the refusal to the next place that grows. The program does what it always does, what it sent is
// applied or counted under no_space, and once there is space again nothing more is lost.
// TIDEMARK_TORTURE: minutes for random amounts, TIDEMARK_SEED: which.
#include <random>

#include "tests/exhaustion/host.hpp"
#include "tests/exhaustion/small_shm.hpp"
#include "tests/exhaustion/viewer.hpp"

using namespace tidemark::test;

namespace {

constexpr std::uint64_t kSmall = 64 << 20;

// A refusal of pages is believed for a tenth of a second; after that a lane grows again.
bool loses_nothing(const std::string& instance, HostProgram& host) {
    const Sum before = lost_of(*process_of(instance, host.pid()));
    return host.does(1000) && host.tell("flush") == "0" &&
           lost_of(*process_of(instance, host.pid())) == before;
}

void with_so_much_left(SmallShm& shm, std::uint64_t pages) {
    INFO(pages << " pages left");
    const OwnInstance instance;
    Collector collector(instance.name());
    REQUIRE(collector.is_ready());
    REQUIRE(shm.leave(pages * kPageBytes));
    // Waiting for a collector that itself waits for space would only take time here.
    HostProgram host(instance.tracked(
        {{"TIDEMARK_POLICY", "drop"}, {"TIDEMARK_STACKS", pages % 2 == 0 ? "8" : ""}}));
    CHECK(host.does(300, 3));
    CHECK(host.does(3000, 3));
    for (const char* verb : {"query", "buffers"})
        CHECK(view(instance.name(), {verb}).status == 0);
    shm.release();
    CHECK(recovers(instance.name(), host));
    const auto row = process_of(instance.name(), host.pid());
    REQUIRE(row);
    const Sum lost = lost_of(*row);
    CHECK(row->exact == (lost == Sum{} ? 1 : 0));
    CHECK(comes_true([&] { return loses_nothing(instance.name(), host); }));
    CHECK(host.ends());
    CHECK_FALSE(collector.has_ended());
}

}  // namespace

TEST_CASE(
    "whatever is left of /dev/shm, what a program sent is applied or lost for want of space") {
    SmallShm shm(kSmall);
    const char* minutes = std::getenv("TIDEMARK_TORTURE");
    int cases = 0;
    if (minutes == nullptr) {
        for (const std::uint64_t pages : {0, 2, 7, 8, 12, 17, 25, 33, 45, 54, 61, 90, 151, 280}) {
            with_so_much_left(shm, pages);
            ++cases;
        }
        MESSAGE(cases << " amounts");
        return;
    }
    const char* given = std::getenv("TIDEMARK_SEED");
    const unsigned seed = given != nullptr ? static_cast<unsigned>(std::atol(given)) : 1;
    std::mt19937 random(seed);
    const auto until = std::chrono::steady_clock::now() +
                       std::chrono::duration<double, std::ratio<60>>(std::atof(minutes));
    for (; std::chrono::steady_clock::now() < until; ++cases)
        with_so_much_left(shm, random() % 400);
    MESSAGE("seed " << seed << ", " << cases << " amounts");
}

TEST_CASE(
    "loss for want of space is shown under its cause, and figures say that they are not exact") {
    SmallShm shm(kSmall);
    const OwnInstance instance;
    Collector collector(instance.name());
    HostProgram host(instance.tracked({{"TIDEMARK_POLICY", "drop"}}));
    REQUIRE(host.does(8));
    REQUIRE(recovers(instance.name(), host));
    CHECK(process_in(query(instance.name()), host.pid()).at("usage").at(0).at("exact") == true);
    collector.signal(SIGSTOP);
    REQUIRE(shm.leave(0));
    CHECK(host.does(10'000));  // more than the first block holds, and it can't grow
    CHECK(host.lost(TIDEMARK_LOSS_NO_SPACE).allocations > 5'000);
    shm.release();
    collector.signal(SIGCONT);
    REQUIRE(recovers(instance.name(), host));
    const Sum lost = host.lost(TIDEMARK_LOSS_NO_SPACE);

    const auto row = process_of(instance.name(), host.pid());
    CHECK(lost_otherwise(*row, TIDEMARK_LOSS_NO_SPACE) == "");
    CHECK(row->lost_allocations[TIDEMARK_LOSS_NO_SPACE] == lost.allocations);
    const nlohmann::json snapshot = query(instance.name());
    const nlohmann::json process = process_in(snapshot, host.pid());
    for (const nlohmann::json& owner : {process, snapshot.at("collector")}) {
        CHECK(owner.at("lost").at("no_space").at("count") == lost.allocations + lost.frees);
        CHECK(owner.at("lost").at("no_space").at("bytes") == lost.bytes);
    }
    CHECK(process.at("usage").at(0).at("exact") == false);
    CHECK(process.at("usage").at(0).at("peak_exact") == false);
    CHECK(snapshot.at("devices").at(0).at("pools").at(0).at("exact") == false);
    const std::string table = view(instance.name(), {"smi"}).out;
    INFO(table);
    CHECK(table.find("no shared memory left") != std::string::npos);
    CHECK(table.find("nothing lost") == std::string::npos);
    CHECK(host.ends());
}

TEST_CASE("a program for which there never was space is counted, and shown, as untracked") {
    SmallShm shm(kSmall);
    const OwnInstance instance, other;
    const Collector collector(instance.name()), collector_of_other(other.name());
    REQUIRE(shm.leave(0));
    HostProgram host(instance.tracked());
    CHECK(host.does(1000, 2));
    CHECK(host.lost(TIDEMARK_LOSS_NO_SPACE).allocations == 2000);
    CHECK(host.ends());
    CHECK(comes_true([&] { return collector_of(instance.name()).untracked_images == 1; }));
    const std::uint64_t beats = read_stats(other.name()).heartbeat_count();
    CHECK(comes_true([&] { return read_stats(other.name()).heartbeat_count() >= beats + 2; }));
    CHECK(collector_of(other.name()).untracked_images == 0);
    CHECK(query(instance.name()).at("collector").at("untracked_images") == 1);
    CHECK(view(instance.name(), {"smi"}).out.find("1 program") != std::string::npos);
}

TEST_CASE("without room for the bell page a program is polled for") {
    SmallShm shm(kSmall);
    const OwnInstance instance;
    REQUIRE(shm.leave(16 * kPageBytes));  // a ring, and not the 4 pages of a bell
    HostProgram host(instance.tracked());
    CHECK(host.does(100));
    shm.release();
    const Collector collector(instance.name());
    CHECK(recovers(instance.name(), host));
    CHECK(host.ends());
}
