// SPDX-License-Identifier: Apache-2.0
//
// The API as a program uses it, with and without somebody who reads the ring.
#include <doctest/doctest.h>
#include <errno.h>
#include <sys/wait.h>

#include <cstring>
#include <string>
#include <thread>

#include "process/producer_rings.hpp"
#include "test_consumer.hpp"
#include "tidemark/producer.hpp"

using namespace tidemark;
using test::TestConsumer;

namespace {

const test::OwnRingGuard guard;

test::RingView own_ring() {
    for (auto& ring : test::read_rings(getenv("TIDEMARK_INSTANCE")))
        if (ring.header.pid == getpid()) return ring;
    return {};
}

}  // namespace

TEST_CASE(
    "declarations made before the first event are in the ring when it appears, later ones too") {
    CHECK(enabled());
    Pool pool{};
    CHECK(name_pool("weights", Memory::kDram, pool));
    CHECK(static_cast<int>(pool) == TIDEMARK_POOL_FIRST_NAMED);
    CHECK(declare_device(0, "n300") == TIDEMARK_OK);
    CHECK(declare_memory(0, Memory::kDram, 12ull << 30) == TIDEMARK_OK);
    CHECK(own_ring().header.magic == 0);  // nothing was recorded yet

    errno = 4711;
    allocation(0, pool, 0x1000, 64);
    CHECK(errno == 4711);
    test::RingView ring = own_ring();
    REQUIRE(ring.header.magic == shm::kRingMagic);
    CHECK(ring.header.uid == geteuid());
    CHECK(ring.header.parent_image == 0);
    CHECK(ring.header.object_size == shm::kDefaultRingBudget);
    CHECK(std::string(ring.header.name).rfind("producer_api", 0) == 0);
    CHECK(test::producer_lock_is_held(ring.name));
    CHECK(ring.declarations.pools[0].ready == 1);
    CHECK(std::string(ring.declarations.pools[0].name) == "weights");
    CHECK(ring.declarations.devices[0].ready == 1);
    CHECK(std::string(ring.declarations.devices[0].name) == "n300");
    CHECK(ring.declarations.devices[0].capacity[TIDEMARK_MEMORY_DRAM] == 12ull << 30);

    CHECK(declare_memory(0, Memory::kL1, 1 << 20) == TIDEMARK_OK);
    CHECK(declare_memory(kHostDevice, Memory::kHost, 64ull << 30) == TIDEMARK_OK);
    ring = own_ring();
    CHECK(ring.declarations.devices[0].capacity[TIDEMARK_MEMORY_L1] == 1 << 20);
    CHECK(ring.declarations.devices[1].device == TIDEMARK_DEVICE_HOST);
}

TEST_CASE("the same declaration again is the same; another one does not replace it") {
    Pool again{};
    CHECK(name_pool("weights", Memory::kDram, again));
    CHECK(static_cast<int>(again) == TIDEMARK_POOL_FIRST_NAMED);
    CHECK_FALSE(name_pool("weights", Memory::kL1, again));
    CHECK(declare_device(0, "n300") == TIDEMARK_OK);
    CHECK(declare_device(0, "n150") == TIDEMARK_ERROR_CONFLICT);
    CHECK(declare_memory(0, Memory::kDram, 1) == TIDEMARK_ERROR_CONFLICT);
}

TEST_CASE("what can't be declared is refused and told") {
    CHECK(tidemark_name_pool(nullptr, 0) == TIDEMARK_ERROR_ARGUMENT);
    CHECK(tidemark_name_pool("", 0) == TIDEMARK_ERROR_ARGUMENT);
    CHECK(tidemark_name_pool(std::string(24, 'x').c_str(), 0) == TIDEMARK_ERROR_ARGUMENT);
    CHECK(tidemark_name_pool("fine", TIDEMARK_MEMORY_COUNT) == TIDEMARK_ERROR_ARGUMENT);
    CHECK(tidemark_declare_device(0x10000, "x") == TIDEMARK_ERROR_ARGUMENT);
    CHECK(tidemark_declare_memory(0, 0, 0) == TIDEMARK_ERROR_ARGUMENT);
    for (int i = 1; i < 8; ++i)
        CHECK(tidemark_name_pool(("pool" + std::to_string(i)).c_str(), 1) == 7 + i);
    CHECK(tidemark_name_pool("ninth", 1) == TIDEMARK_ERROR_FULL);
    for (std::uint32_t device = 1; device < 15; ++device)
        CHECK(tidemark_declare_device(device, "d") == TIDEMARK_OK);
    CHECK(tidemark_declare_device(99, "d") == TIDEMARK_ERROR_FULL);
    CHECK(own_ring().declarations.refused == 2);
}

TEST_CASE("records say what they were told") {
    TestConsumer consumer;
    allocation(3, Pool::kL1, 77, 4096);
    free(3, Pool::kAny, 77);
    free(3, Pool::kL1, 78, 100);
    producer::record_late_free(TIDEMARK_DEVICE_HOST, TIDEMARK_POOL_SYSTEM_MEMORY, 79, 12345);
    CHECK(flush(60'000) == Flush::kPublished);
    consumer.stop();
    REQUIRE(consumer.faults() == 0);
    const auto& events = consumer.lane(0);
    REQUIRE(events.size() >= 4);
    const shm::Event* last = events.data() + events.size() - 4;
    CHECK(last[0].operation() == shm::Operation::kAllocation);
    CHECK(last[0].device == 3);
    CHECK(last[0].pool() == TIDEMARK_POOL_L1);
    CHECK(last[0].size() == 4096);
    CHECK(last[1].operation() == shm::Operation::kFree);
    CHECK(last[1].pool() == TIDEMARK_POOL_ANY);
    CHECK(last[1].flags() == 0);
    CHECK(last[1].stamp >= last[0].stamp);
    CHECK(last[2].flags() == shm::kFlagSized);
    CHECK(last[2].size() == 100);
    CHECK(last[3].flags() == shm::kFlagLate);
    CHECK(last[3].stamp == 12345);
    CHECK(last[3].device == TIDEMARK_DEVICE_HOST);
}

TEST_CASE("arguments that no record can hold are counted, not cut") {
    const auto before = status().lost[TIDEMARK_LOSS_CORRUPT];
    tidemark_allocation(0, TIDEMARK_POOL_DRAM, 1, std::uint64_t{1} << 48);
    tidemark_allocation(0x10000, TIDEMARK_POOL_DRAM, 1, 10);
    tidemark_allocation(0, TIDEMARK_POOL_ANY, 1, 10);
    tidemark_allocation(0, 16, 1, 10);
    tidemark_free(0x10000, TIDEMARK_POOL_DRAM, 1);
    const auto after = status().lost[TIDEMARK_LOSS_CORRUPT];
    CHECK(after.allocations - before.allocations == 4);
    CHECK(after.frees - before.frees == 1);
    CHECK(after.bytes - before.bytes == shm::kMaxEventSize + 30);
    const auto events = status().lanes;
    tidemark_allocation(0xFFFE, TIDEMARK_POOL_LAST_NAMED, ~std::uint64_t{0}, shm::kMaxEventSize);
    CHECK(status().lanes == events);
    CHECK(status().lost[TIDEMARK_LOSS_CORRUPT].allocations == after.allocations);
}

TEST_CASE("flush answers what happened") {
    CHECK(flush(60'000) == Flush::kNoCollector);
    {
        TestConsumer deaf(TestConsumer::Mode::kOnlyBeats);
        allocation(0, Pool::kDram, 1, 1);
        CHECK(flush(0) == Flush::kTimedOut);
        CHECK(flush(20) == Flush::kTimedOut);
        CHECK(status().collector == 1);
    }
    TestConsumer consumer;
    allocation(0, Pool::kDram, 2, 1);
    CHECK(flush(60'000) == Flush::kPublished);
    CHECK(flush(0) == Flush::kPublished);
}

TEST_CASE("who records wakes the collector that sleeps, and only the one that drains this ring") {
    TestConsumer deaf(TestConsumer::Mode::kOnlyBeats);
    shm::BellPage& page = *producer::bell();
    const std::int32_t mine = producer::current_state()->header().consumer_slot;
    REQUIRE(mine >= 0);
    shm::BellSlot& slot = page.slots[mine];
    allocation(0, Pool::kDram, 1, 1);
    __atomic_store_n(&slot.waiting, 1, __ATOMIC_SEQ_CST);
    errno = 33;
    allocation(0, Pool::kDram, 2, 1);
    CHECK(__atomic_load_n(&slot.waiting, __ATOMIC_RELAXED) == 0);
    CHECK(errno == 33);
    __atomic_store_n(&producer::current_state()->header().consumer_slot, -1, __ATOMIC_RELAXED);
    __atomic_store_n(&slot.waiting, 1, __ATOMIC_SEQ_CST);
    allocation(0, Pool::kDram, 3, 1);
    CHECK(__atomic_load_n(&slot.waiting, __ATOMIC_RELAXED) == 1);
    __atomic_store_n(&slot.waiting, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&producer::current_state()->header().consumer_slot, mine, __ATOMIC_RELAXED);
}

TEST_CASE(
    "a collector that rests is left alone by an event, and woken by a flush and a lane that fills "
    "up") {
    TestConsumer deaf(TestConsumer::Mode::kOnlyBeats);
    const std::int32_t mine = producer::current_state()->header().consumer_slot;
    REQUIRE(mine >= 0);
    shm::BellSlot& slot = producer::bell()->slots[mine];
    const auto state = [&] { return __atomic_load_n(&slot.waiting, __ATOMIC_RELAXED); };
    std::thread fresh([&] {  // with a lane of its own, which is empty
        allocation(0, Pool::kDram, 1, 1);
        __atomic_store_n(&slot.waiting, shm::kResting, __ATOMIC_SEQ_CST);
        allocation(0, Pool::kDram, 2, 1);
        CHECK(state() == shm::kResting);
        CHECK(flush(0) == Flush::kTimedOut);
        CHECK(state() == shm::kResting);  // who does not wait hurries nobody
        CHECK(flush(1) == Flush::kTimedOut);
        CHECK(state() == shm::kNotWaiting);
        __atomic_store_n(&slot.waiting, shm::kResting, __ATOMIC_SEQ_CST);
        std::uint64_t events = 2;
        for (; state() == shm::kResting && events < shm::kFirstBlockEvents; ++events)
            allocation(0, Pool::kDram, events + 1, 1);
        CHECK(events >= shm::kFirstBlockEvents / 2);
        CHECK(events <= shm::kFirstBlockEvents / 2 + 2);
    });
    fresh.join();
    __atomic_store_n(&slot.waiting, shm::kNotWaiting, __ATOMIC_RELAXED);
}

TEST_CASE(
    "who enters a sandbox wakes the collector once more, which from then on looks by itself") {
    TestConsumer deaf(TestConsumer::Mode::kOnlyBeats);
    const std::int32_t mine = producer::current_state()->header().consumer_slot;
    REQUIRE(mine >= 0);
    const pid_t child = fork();  // there is no way back out of a sandbox
    if (child == 0) {
        allocation(0, Pool::kDram, 1, 1);
        shm::RingHeader& header = producer::current_state()->header();
        shm::BellSlot& slot = producer::bell()->slots[mine];
        __atomic_store_n(&header.consumer_slot, mine, __ATOMIC_RELAXED);
        if (header.poll_me != 0) _exit(1);
        __atomic_store_n(&slot.waiting, 1, __ATOMIC_SEQ_CST);
        producer::enter_sandbox(producer::SandboxKind::kFilter);
        if (header.poll_me != 2) _exit(2);
        if (__atomic_load_n(&slot.waiting, __ATOMIC_RELAXED) != 0) _exit(3);
        __atomic_store_n(&slot.waiting, 1, __ATOMIC_SEQ_CST);
        allocation(0, Pool::kDram, 2, 1);
        const bool rang = __atomic_exchange_n(&slot.waiting, 0, __ATOMIC_SEQ_CST) == 0;
        if (rang) _exit(4);
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    for (const auto& ring : test::read_rings(getenv("TIDEMARK_INSTANCE")))
        if (ring.header.pid == child) unlink(("/dev/shm/" + ring.name).c_str());
}

TEST_CASE("a buffer tells of itself once, wherever it is moved") {
    TestConsumer consumer;
    {
        Buffer first(5, Pool::kTrace, 1, 10);
        Buffer second(std::move(first));
        Buffer third;
        third = std::move(second);
        Buffer other(5, Pool::kTrace, 2, 20);
        third = std::move(other);  // the first buffer ends here
    }
    CHECK(flush(60'000) == Flush::kPublished);
    consumer.stop();
    std::uint64_t allocations = 0;
    std::uint64_t frees = 0;
    for (const shm::Event& event : consumer.lane(0)) {
        if (event.device != 5) continue;
        allocations += event.operation() == shm::Operation::kAllocation;
        frees += event.operation() == shm::Operation::kFree;
    }
    CHECK(allocations == 2);
    CHECK(frees == 2);
}

TEST_CASE("the status says what the process knows") {
    const tidemark_status all = status();
    CHECK(all.size == sizeof all);
    CHECK(all.enabled == 1);
    CHECK(all.attached == 1);
    CHECK(all.collector == 0);
    CHECK(all.sandboxed == 0);
    CHECK(all.lanes >= 1);
    CHECK(all.ring_bytes >= 12288);
    CHECK(all.image == own_ring().header.image);
    tidemark_status part;
    std::memset(&part, 0xAA, sizeof part);
    CHECK(tidemark_get_status(&part, 8) == TIDEMARK_OK);
    CHECK(part.size == 8);
    CHECK(part.enabled == 1);
    CHECK(part.attached == 0xAAAAAAAA);
    CHECK(tidemark_get_status(nullptr, 100) == TIDEMARK_ERROR_ARGUMENT);
}
