// SPDX-License-Identifier: Apache-2.0
//
// Programs of a user that end where no collector drains them may leave 64 MiB of rings and no more: later ones run
// untracked, which is counted under `budget` and shown, until a collector has drained what is there.
#include "tests/exhaustion/host.hpp"
#include "tests/exhaustion/small_shm.hpp"
#include "tests/exhaustion/viewer.hpp"

using namespace tidemark::test;

namespace {

// Rings that name no instance, for the user's own collector: what ran before it is told by such a one only.
const Variables kTracked{{"TIDEMARK_ENABLED", "1"}, {"TIDEMARK_INSTANCE", ""}};

// Ends with some 6 MiB of ring; false: it got none.
bool leaves_a_ring() {
    HostProgram host(kTracked);
    REQUIRE(host.does(20'000, 8));
    const bool is_refused = host.lost(TIDEMARK_LOSS_BUDGET).allocations != 0;
    REQUIRE(host.ends());
    return !is_refused;
}

}  // namespace

TEST_CASE(
    "past a user's budget for rings that nobody drains, programs run untracked until one does") {
    SmallShm shm(512 << 20);  // a bell page of its own: no other collector is there to wait for
    const SmallTmpfs sockets("/run", 1 << 20);
    const std::string instance = "user-" + std::to_string(geteuid());
    std::uint64_t left = 0;
    while (leaves_a_ring()) {
        ++left;
        REQUIRE(left < 200);
    }
    CHECK(left >= 8);
    MESSAGE(left << " programs left their rings");
    // What they left is bounded, whatever else runs.
    CHECK((512 << 20) - shm.free_bytes() < (80 << 20));

    HostProgram host(kTracked);
    CHECK(host.does(1000, 2));
    CHECK(host.lost(TIDEMARK_LOSS_BUDGET) == host.sent());
    const Collector collector(instance);
    REQUIRE(collector.is_ready());
    CHECK(comes_true([&] { return collector_of(instance).processes_seen >= left; }));
    CHECK(recovers(instance, host));
    const Sum lost = host.lost(TIDEMARK_LOSS_BUDGET);
    const auto row = process_of(instance, host.pid());
    REQUIRE(row);
    CHECK(lost_otherwise(*row, TIDEMARK_LOSS_BUDGET) == "");
    CHECK(row->lost_allocations[TIDEMARK_LOSS_BUDGET] == lost.allocations);
    CHECK(row->exact == 0);
    CHECK(comes_true([&] { return collector_of(instance).untracked_images == 2; }));
    const nlohmann::json process = process_in(query(instance), host.pid());
    CHECK(process.at("lost").at("budget").at("count") == lost.allocations + lost.frees);
    CHECK(process.at("lost").at("budget").at("bytes") == lost.bytes);
    CHECK(process.at("usage").at(0).at("exact") == false);
    const std::string table = view(instance, {"smi"}).out;
    INFO(table);
    CHECK(table.find("budget for rings spent") != std::string::npos);
    CHECK(table.find("2 programs") != std::string::npos);
    CHECK(host.ends());
    HostProgram next(kTracked);
    CHECK(next.does(1000));
    CHECK(recovers(instance, next));
    CHECK(process_of(instance, next.pid())->exact == 1);
    CHECK(next.ends());
}
