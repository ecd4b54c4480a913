// SPDX-License-Identifier: Apache-2.0
//
// Promise 7 against the real collector: rings that are truncated, scribbled over and lied in while it drains them.
#include <random>

#include "tests/hostile/hostile_world.hpp"

using namespace tidemark;
using namespace tidemark::test;

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kBlockPages = shm::kBlocksOffset / kPage;
constexpr int kEvents = 400;  // in the first four pages of blocks

}  // namespace

TEST_CASE(
    "a ring that is cut off at any page, with records yet to be read, is quarantined as that") {
    HostileWorld world;
    for (std::uint64_t pages = 0; pages <= kBlockPages + 4; ++pages) {
        CAPTURE(pages);
        HostileRing ring(world.instance.name());
        ring.appear();
        ring.work(10);
        REQUIRE(world.is_drained(ring.image, 10));
        world.collector.signal(SIGSTOP);
        ring.work(kEvents);
        ring.cut(pages * kPage);
        world.collector.signal(SIGCONT);
        // 410 records of 32 bytes end in the fourth page of the first block.
        if (pages < kBlockPages + 4)
            CHECK(world.is_quarantined(ring.image, TIDEMARK_QUARANTINE_TRUNCATED));
        else
            CHECK(world.is_drained(ring.image, 10 + kEvents));
    }
    CHECK(world.collector.has_said("is quarantined"));
    CHECK(world.row().rings_quarantined == kBlockPages + 4);
    CHECK(world.honest_differences() == "");
}

TEST_CASE("a ring that is cut off at any page while it is drained harms itself alone") {
    HostileWorld world;
    for (std::uint64_t pages = 0; pages <= kBlockPages + 4; ++pages) {
        HostileRing ring(world.instance.name());
        ring.appear();
        ring.work(500);
        ring.cut(pages * kPage);
    }
    CHECK(world.honest_differences() == "");
}

TEST_CASE("an index that is ahead, behind or moving back quarantines its ring") {
    const std::uint64_t lies[] = {1ull << 40, 100'000, 5, 9, 0, ~0ull, ~0ull - 100};
    HostileWorld world;
    for (const std::uint64_t head : lies) {
        CAPTURE(head);
        HostileRing ring(world.instance.name());
        ring.appear();
        ring.work(10);
        REQUIRE(world.is_drained(ring.image, 10));
        __atomic_store_n(&ring.lane(0).head, head, __ATOMIC_RELEASE);
        CHECK(world.is_quarantined(ring.image, TIDEMARK_QUARANTINE_INDEX));
        CHECK(world.process(ring.image)->exact == 0);
    }
    CHECK(world.honest_differences() == "");
}

TEST_CASE("records that nobody wrote, and links that lead nowhere, quarantine their ring") {
    HostileWorld world;
    HostileRing ahead(world.instance.name()), link(world.instance.name());
    for (HostileRing* ring : {&ahead, &link}) {
        ring->appear();
        ring->work(10);
        REQUIRE(world.is_drained(ring->image, 10));
    }
    __atomic_store_n(&ahead.lane(0).head, 20, __ATOMIC_RELEASE);
    link.put(0, {HandRing::now(), 1ull << 60, shm::pack(shm::Operation::kLink, 0, 2048), 0, 0});
    CHECK(world.is_quarantined(ahead.image, TIDEMARK_QUARANTINE_RECORD));
    CHECK(world.is_quarantined(link.image, TIDEMARK_QUARANTINE_LINK));
    CHECK(world.honest_differences() == "");
}

TEST_CASE("a header that changes after it was validated changes nothing, or quarantines its ring") {
    HostileWorld world;
    HostileRing ring(world.instance.name());
    ring.appear();
    ring.work(10);
    REQUIRE(world.is_drained(ring.image, 10));
    shm::RingHeader& header = ring.header();
    header.magic = 0;
    header.object_size = 1ull << 50;
    header.lane_size = 1;
    header.lanes_offset = header.blocks_offset = 1ull << 40;
    header.image = 1;
    header.pid = 1;
    header.uid = 12345;
    std::memset(header.instance, 'x', sizeof header.instance);
    header.stacks_offset = header.modules_offset = 1ull << 40;
    header.stack_frames = header.modules_used = ~0u;
    ring.work(20);
    CHECK(world.is_drained(ring.image, 30));
    CHECK(world.process(ring.image)->pid == getpid());
    CHECK(world.process(ring.image)->quarantine == TIDEMARK_QUARANTINE_NONE);
    __atomic_store_n(&header.lanes_used, 100'000u, __ATOMIC_RELEASE);
    CHECK(world.is_quarantined(ring.image, TIDEMARK_QUARANTINE_HEADER));
    CHECK(world.honest_differences() == "");
}

TEST_CASE("sizes and losses beyond measure do not make what others hold or lost vanish from sums") {
    constexpr std::uint32_t kShared = 60'001;
    HostileWorld world;
    HostileRing modest(world.instance.name()), liar(world.instance.name());
    modest.allocate(0, 1, 100, 0, kShared);
    modest.header().loss[TIDEMARK_LOSS_FULL] = {7, 0, 700};
    modest.appear();
    liar.header().loss[TIDEMARK_LOSS_FULL] = {~0ull - 6, ~0ull, ~0ull - 699};
    liar.appear();
    std::uint64_t sent = 0;
    for (; sent < 70'000; ++sent) {
        REQUIRE(comes_true([&] { return liar.room(0) > 0; }));
        liar.allocate(0, sent, shm::kMaxEventSize, 0, kShared);
    }
    REQUIRE(world.is_drained(modest.image, 1));
    REQUIRE(world.is_drained(liar.image, sent));
    const auto usage = row_where<tidemark_usage_row>(
        world.stats(), [](const auto& r) { return r.device == kShared; });
    REQUIRE(usage);
    CHECK(usage->current == 100 + shm::kMaxEventSize);
    CHECK(usage->live == 2);
    CHECK(usage->exact == 0);
    CHECK(usage->lost_allocations > 7);
    CHECK(usage->lost_bytes > 700);
    CHECK(world.honest_differences() == "");
}

TEST_CASE("flipped bits anywhere in a ring harm itself alone") {
    const std::uint64_t seed = torture_seed();
    const double minutes = torture_minutes();
    const auto until = std::chrono::steady_clock::now() +
                       std::chrono::milliseconds(static_cast<long>(minutes * 60'000));
    std::mt19937_64 random(seed);
    HostileWorld world;
    int rings = 0;
    do {
        HostileRing ring(world.instance.name(), 2);
        ring.appear();
        ring.work(300);
        for (int flips = 0; flips < 30; ++flips) {
            const std::uint64_t places[] = {1024, shm::kLanesOffset + 1024,
                                            shm::kBlocksOffset + 300 * sizeof(shm::Event)};
            const std::uint64_t end = places[random() % 3];
            const std::uint64_t first = end == 1024        ? 0
                                        : end == places[1] ? shm::kLanesOffset
                                                           : shm::kBlocksOffset;
            auto* bytes = reinterpret_cast<unsigned char*>(&ring.header());
            const std::uint64_t at = first + random() % (end - first);
            // Asked for by another instance it would be somebody else's.
            if (at >= 128 && at < 192) continue;
            __atomic_fetch_xor(bytes + at, static_cast<unsigned char>(1u << random() % 8),
                               __ATOMIC_RELAXED);
        }
        ++rings;
    } while (minutes > 0 ? std::chrono::steady_clock::now() < until : rings < 100);
    MESSAGE("seed " << seed << ", " << rings << " rings with 30 flipped bits each");
    CHECK(world.honest_differences() == "");
}

TEST_CASE("a quarantine outlives the collector") {
    HostileWorld world;
    HostileRing ring(world.instance.name());
    ring.appear();
    ring.work(10);
    REQUIRE(world.is_drained(ring.image, 10));
    __atomic_store_n(&ring.lane(0).head, 0, __ATOMIC_RELEASE);
    REQUIRE(world.is_quarantined(ring.image, TIDEMARK_QUARANTINE_INDEX));
    world.collector.kill();
    __atomic_store_n(&ring.lane(0).head, 10, __ATOMIC_RELEASE);
    ring.work(10);
    world.collector.start_again();
    CHECK(world.honest_differences() == "");
    CHECK(world.process(ring.image)->quarantine == TIDEMARK_QUARANTINE_INDEX);
    CHECK(world.process(ring.image)->events == 10);
}

TEST_CASE("a ring that another, smaller one replaced while no collector ran is quarantined") {
    HostileWorld world;
    HostileRing ring(world.instance.name(), 4);
    ring.appear();
    ring.work(10);
    ring.allocate(7, 1, 64, 0, kHostileDevice);  // in the last of eight blocks
    REQUIRE(world.is_drained(ring.image, 11));
    world.collector.kill();
    const std::uint64_t smaller = shm::kBlocksOffset + 2 * kPage;
    ring.header().object_size = smaller;
    ring.allocate(7, 2, 64, 0, kHostileDevice);
    ring.cut(smaller);
    world.collector.start_again();
    CHECK(world.is_quarantined(ring.image, TIDEMARK_QUARANTINE_HEADER));
    CHECK(world.honest_differences() == "");
}

TEST_CASE("an account that was damaged while no collector ran is not used, and said so by name") {
    struct Damage {
        std::uint64_t offset, word;
    };
    const Damage damages[] = {
        {offsetof(tidemark_account_header, page_count), 0xFFFFFFFF},
        {offsetof(tidemark_account_header, image), 1},
        {64 * 1024, 0x7FFFFFFF},                                 // the directory's first slot
        {64 * 1024 + (4ull << TIDEMARK_ACCOUNT_MAX_DEPTH), 99},  // the first page's depth
    };
    HostileWorld world;
    for (const Damage& damage : damages) {
        CAPTURE(damage.offset);
        HostileRing ring(world.instance.name());
        ring.appear();
        ring.work(10);
        REQUIRE(world.is_drained(ring.image, 10));
        world.collector.kill();
        const std::string path = AccountReader::path_of(world.instance.name(), ring.image);
        const int file = open(path.c_str(), O_RDWR | O_CLOEXEC);
        REQUIRE(file >= 0);
        CHECK(pwrite(file, &damage.word, 4, static_cast<off_t>(damage.offset)) == 4);
        close(file);
        world.collector.start_again();
        CHECK(comes_true([&] { return world.collector.has_said("cannot use " + path); }));
        CHECK(world.honest_differences() == "");
    }
}
