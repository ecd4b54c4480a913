// SPDX-License-Identifier: Apache-2.0
//
// Rings that have nothing to say: they fall quiet, and are looked at again when they tell of news, when somebody asks
// for everything, and in turn with the heartbeats.
#include <linux/membarrier.h>
#include <sys/syscall.h>

#include <vector>

#include "shm/bell_ring.hpp"
#include "shm/raw_segment.hpp"
#include "tests/process/child_process.hpp"
#include "tests/unit/collector/drain_harness.hpp"

using namespace tidemark;
using tidemark::test::comes_true;
using tidemark::test::HandRing;
using tidemark::test::RunningCore;
using tidemark::test::unique_instance;

namespace {

shm::BellPage& bell() {
    static shm::BellPage* page = shm::map_bell(geteuid());
    REQUIRE(page != nullptr);
    return *page;
}

// A ring whose producer, this process, tells of its news as producer/record.cpp does.
struct TellingRing : HandRing {
    explicit TellingRing(const RunningCore& core, std::uint32_t features = shm::kTellsNews)
        : HandRing(core.configuration.instance, 1, 16) {
        static const bool is_registered =
            syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
        REQUIRE(is_registered);
        header().features_compatible = features;
        header().membarrier = 1;
    }
    void tell() {
        shm::BellSlot* slot = shm::bell_to_answer(&bell(), header());
        if (slot == nullptr) return;
        shm::tell_news(*slot, header());
        if (shm::is_asleep(*slot)) shm::ring(*slot);
    }
    bool is_quiet() { return shm::is_quiet_word(shm::consumer_word(header())); }
    bool consumer_is_asleep() {
        const shm::BellSlot* slot = shm::consumer_bell(&bell(), header());
        return slot != nullptr && shm::is_asleep(*slot);
    }
};

}  // namespace

TEST_CASE("a ring without news falls quiet, and each event that it tells of is taken") {
    RunningCore core(unique_instance());
    TellingRing ring(core);
    core.flush();
    for (std::uint64_t id = 1; id <= 10; ++id) {
        CHECK(comes_true([&] { return ring.is_quiet(); }));
        ring.allocate(0, id, 100);
        ring.tell();
        CHECK(comes_true([&] { return core.usage(0) && core.usage(0)->current == 100 * id; }));
    }
}

TEST_CASE("an event that a quiet ring did not tell of is found by a flush") {
    RunningCore core(unique_instance());
    TellingRing ring(core);
    core.flush();
    CHECK(comes_true([&] { return ring.is_quiet(); }));
    ring.allocate(0, 1, 100);
    core.flush();
    CHECK(core.usage(0)->current == 100);
}

TEST_CASE("an event that a quiet ring did not tell of is found with the heartbeats") {
    RunningCore core(unique_instance());
    TellingRing ring(core);
    core.flush();
    CHECK(comes_true([&] { return ring.is_quiet(); }));
    ring.allocate(0, 1, 100);
    CHECK(comes_true([&] { return core.usage(0) && core.usage(0)->current == 100; }));
}

TEST_CASE("a ring whose producer can't tell is never quiet") {
    RunningCore core(unique_instance());
    TellingRing ring(core, 0);
    core.flush();
    for (std::uint64_t id = 1; id <= 3; ++id) {
        CHECK(comes_true([&] { return ring.consumer_is_asleep(); }));
        CHECK_FALSE(ring.is_quiet());
        ring.allocate(0, id, 100);
        ring.tell();
        CHECK(comes_true([&] { return core.usage(0) && core.usage(0)->live == id; }));
    }
}

TEST_CASE("a quiet ring whose producer can ring no bell any more is polled") {
    RunningCore core(unique_instance());
    TellingRing ring(core);
    core.flush();
    CHECK(comes_true([&] { return ring.is_quiet(); }));
    __atomic_store_n(&ring.header().poll_me, 1u, __ATOMIC_RELAXED);
    ring.tell();
    CHECK(comes_true([&] { return !ring.is_quiet(); }));
    for (std::uint64_t id = 1; id <= 3; ++id) {
        ring.allocate(0, id, 100);
        CHECK(comes_true([&] { return core.usage(0) && core.usage(0)->live == id; }));
        CHECK_FALSE(ring.is_quiet());
    }
}

TEST_CASE("more quiet rings than there are groups are all heard") {
    RunningCore core(unique_instance());
    std::vector<std::unique_ptr<TellingRing>> rings;
    for (std::uint32_t i = 0; i < shm::kNewsGroups + 50; ++i)
        rings.push_back(std::make_unique<TellingRing>(core));
    core.flush();
    CHECK(comes_true([&] { return rings.front()->is_quiet() && rings.back()->is_quiet(); }));
    for (const auto& ring : rings) {
        ring->allocate(0, 1, 100);
        ring->tell();
    }
    CHECK(comes_true([&] { return core.usage(0) && core.usage(0)->live == rings.size(); }));
}

TEST_CASE("bits that no ring set, and a word that its producer overwrote, lose nothing") {
    RunningCore core(unique_instance());
    TellingRing ring(core), other(core);
    core.flush();
    CHECK(comes_true([&] { return ring.is_quiet() && other.is_quiet(); }));
    shm::BellSlot& slot = *shm::consumer_bell(&bell(), ring.header());
    for (std::uint64_t& news : slot.news)
        __atomic_store_n(&news, ~std::uint64_t{0}, __ATOMIC_RELAXED);
    __atomic_store_n(&other.header().consumer_slot, 0x7fff'ff7f, __ATOMIC_RELAXED);
    other.tell();
    ring.allocate(0, 1, 100);
    other.allocate(0, 2, 100);
    ring.tell();
    core.flush();
    CHECK(core.usage(0)->live == 2);
}
