// SPDX-License-Identifier: Apache-2.0
//
// A /dev/shm that holds no more files, though it has space: in a program, and in the collector at its start, for an
// account and after it began. Then there are some again.
#include "tests/exhaustion/host.hpp"
#include "tests/exhaustion/logged.hpp"
#include "tests/exhaustion/small_shm.hpp"
#include "tests/exhaustion/viewer.hpp"

using namespace tidemark::test;

namespace {

constexpr std::uint64_t kSize = 64 << 20, kFiles = 64;

}  // namespace

TEST_CASE("whatever files can still be made in /dev/shm, what a program sent is applied or lost") {
    SmallShm shm(kSize, kFiles);
    bool lost_any = false;
    for (const std::uint64_t files : {0, 1, 2, 3}) {
        INFO(files << " more files");
        const OwnInstance instance;
        const Collector collector(instance.name());
        REQUIRE(collector.is_ready());
        shm.leave_files(files);
        HostProgram host(instance.tracked());
        CHECK(host.does(1000, 2));
        const Sum lost = host.lost(TIDEMARK_LOSS_NO_SPACE);
        lost_any |= lost.allocations != 0;
        CHECK(query(instance.name()).at("collector").at("state") == "running");
        shm.release();
        CHECK(recovers(instance.name(), host));
        const auto row = process_of(instance.name(), host.pid());
        REQUIRE(row);
        CHECK(lost_otherwise(*row, TIDEMARK_LOSS_NO_SPACE) == "");
        CHECK(row->lost_allocations[TIDEMARK_LOSS_NO_SPACE] ==
              host.lost(TIDEMARK_LOSS_NO_SPACE).allocations);
        CHECK(row->exact == (lost == Sum{} ? 1 : 0));
        if (lost != Sum{})
            CHECK(view(instance.name(), {"smi"}).out.find("no shared memory left") !=
                  std::string::npos);
        CHECK(host.ends());
    }
    CHECK(lost_any);
}

TEST_CASE(
    "a collector that can make no file for an account says so, and takes the ring once it can") {
    SmallShm shm(kSize, kFiles);
    const OwnFolder folder;
    const OwnInstance instance;
    const std::string said = folder / "log";
    const auto collector = logged_collector(instance.name(), {}, said);
    HostProgram before(instance.tracked());
    REQUIRE(before.does(100));
    REQUIRE(recovers(instance.name(), before));
    shm.leave_files(1);
    HostProgram host(instance.tracked());  // its ring takes the last
    CHECK(host.does(100));
    CHECK(comes_true([&] { return times(said, "others that need the same") == 1; }));
    CHECK(before.does(1000));
    CHECK(recovers(instance.name(), before));
    shm.release();
    CHECK(recovers(instance.name(), host));
    CHECK(process_of(instance.name(), host.pid())->exact == 1);
    CHECK(comes_true([&] { return times(said, "all rings are drained again") == 1; }));
    CHECK(host.ends());
}

TEST_CASE("a collector that can make no file does not start, says why, and leaves nothing") {
    SmallShm shm(kSize, kFiles);
    for (const std::uint64_t files : {0, 1, 2}) {
        INFO(files << " more files");
        const OwnInstance instance;
        shm.leave_files(files);
        const Collector collector(instance.name());
        const bool is_ready = collector.is_ready();
        if (files == 0) CHECK_FALSE(is_ready);
        shm.release();
        const OwnInstance another;
        const Collector next(another.name());
        CHECK(next.is_ready());
    }
}
