// SPDX-License-Identifier: Apache-2.0
//
// tt-metal's shared regions: what is read of them, and what is not believed.
#include <doctest/doctest.h>

#include <sys/wait.h>
#include <random>

#include "collector/regions/region_source.hpp"
#include "tests/process/tt_region.hpp"

using namespace tidemark::collector::regions;
using tidemark::test::TtRegion;

namespace {

struct Folder {
    std::string path = "/tmp/tidemark-regions-" + std::to_string(getpid());
    Folder() { std::filesystem::create_directory(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string region(std::uint64_t chip) const { return TtRegion::path(path, chip); }
};

pid_t ended_process() {
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    waitpid(pid, nullptr, 0);
    return pid;
}

}  // namespace

TEST_CASE("devices, remote chips and living processes of all three versions are read") {
    const Folder folder;
    for (const std::uint32_t version : {2u, 3u, 4u}) {
        CAPTURE(version);
        TtRegion region(version, 3);
        region.put_chip(0, 3, false, 100);
        region.put_chip(5, 7, true, 50);
        region.put_process(2, getpid(), {1, 2, 3, 4, 5}, "trainer");
        region.put_process(3, ended_process(), {9, 9, 9, 9, 9}, "dead");
        region.put_process(4, -1, {9, 9, 9, 9, 9}, "releasing");
        if (version < 4) region.put<std::uint32_t>(8536, 0);  // has no such word
        region.write(folder.region(12345678901234567890u));
        const auto rows = RegionSource(folder.path).read();
        REQUIRE(rows.size() == 3);
        CHECK(rows[0].kind == TIDEMARK_REGION_CHIP);
        CHECK(rows[0].device == 3);
        CHECK(rows[0].remote == 0);
        CHECK(rows[0].dram == 100);
        CHECK(rows[0].region == 12345678901234567890u);
        CHECK(rows[1].device == 7);
        CHECK(rows[1].remote == 1);
        CHECK(rows[1].dram == 50);
        CHECK(rows[2].kind == TIDEMARK_REGION_PROCESS);
        CHECK(rows[2].pid == getpid());
        CHECK(rows[2].device == 3);
        CHECK(rows[2].dram == 1);
        CHECK(rows[2].l1 == 2);
        CHECK(rows[2].l1_small == 3);
        CHECK(rows[2].trace == 4);
        CHECK(rows[2].cb == 5);
        CHECK(std::string(rows[2].name) == "trainer");
    }
}

TEST_CASE("a region without a list of chips is one chip with its totals") {
    const Folder folder;
    TtRegion region(4, 1);
    region.put<std::uint64_t>(48, 1000);
    region.put<std::uint64_t>(56, 20);
    region.write(folder.region(1));
    const auto rows = RegionSource(folder.path).read();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].device == 1);
    CHECK(rows[0].dram == 1000);
    CHECK(rows[0].l1 == 20);
}

TEST_CASE("what is not a region of a known version is left out, and others are read all the same") {
    const Folder folder;
    TtRegion old(1);
    old.cut(9280);
    old.write(folder.region(1));
    TtRegion(9).write(folder.region(2));
    TtRegion half(4);
    half.put<std::uint32_t>(8536, 1);  // being made
    half.write(folder.region(3));
    TtRegion torn(4);
    torn.cut(500);
    torn.write(folder.region(4));
    TtRegion ours(4);
    ours.put<std::uint64_t>(24, 0x4B52414D45444954ull);  // written by a collector
    ours.write(folder.region(5));
    std::filesystem::create_directory(folder.region(6));
    std::filesystem::create_symlink("/dev/zero", folder.region(7));
    REQUIRE(mkfifo(folder.region(8).c_str(), 0600) == 0);
    std::ofstream(folder.path + "/tt_device_x_memory") << "no number";
    RegionSource source(folder.path);
    CHECK(source.read().empty());
    TtRegion(4, 2).write(folder.region(9));
    const auto rows = source.read();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].region == 9);
}

TEST_CASE("a region may only name processes of its owner") {
    if (geteuid() != 0) return;  // only root can make a stranger's file
    const Folder folder;
    TtRegion region(4);
    region.put_process(0, getpid(), {1, 0, 0, 0, 0}, "mine");
    region.write(folder.region(1));
    REQUIRE(chown(folder.region(1).c_str(), 65534, 65534) == 0);
    const auto rows = RegionSource(folder.path).read();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].kind == TIDEMARK_REGION_CHIP);
}

TEST_CASE("whatever bytes a region holds, rows stay within bounds") {
    const Folder folder;
    std::mt19937_64 random(5);
    for (int round = 0; round < 300; ++round) {
        TtRegion region(static_cast<std::uint32_t>(2 + random() % 3),
                        static_cast<std::uint32_t>(random()));
        for (int i = 0; i < 200; ++i)
            region.put<std::uint64_t>(8 * (random() % 1066 + 6), random());
        region.put<std::uint32_t>(8536, 0x52454459);
        region.write(folder.region(1));
        for (const tidemark_region_row& row : RegionSource(folder.path).read()) {
            REQUIRE(row.device < TIDEMARK_DEVICE_HOST);
            REQUIRE(row.remote <= 1);
            REQUIRE(row.name[sizeof row.name - 1] == '\0');
        }
    }
}
