// SPDX-License-Identifier: Apache-2.0
//
// Lanes and threads: taken over, shared when there are too many, used by destructors after a thread's end.
#include <doctest/doctest.h>
#include <pthread.h>

#include <atomic>
#include <barrier>
#include <set>
#include <thread>
#include <vector>

#include "test_consumer.hpp"
#include "tidemark/producer.hpp"

using namespace tidemark;
using test::TestConsumer;

namespace {

const test::OwnRingGuard guard;

constexpr std::uint32_t kDevice = 9;

void record(std::uint64_t id) { allocation(kDevice, Pool::kDram, id, id & 0xFFFF); }

// Ids of this test's events that arrived; fails on any that is torn or twice.
std::set<std::uint64_t> ids_of(const TestConsumer& consumer, std::uint64_t first) {
    std::set<std::uint64_t> ids;
    for (std::size_t i = 0; i < consumer.lanes(); ++i) {
        for (const shm::Event& event : consumer.lane(i)) {
            if (event.operation() != shm::Operation::kAllocation || event.id < first) continue;
            if (event.size() != (event.id & 0xFFFF) || event.device != kDevice) FAIL("torn");
            if (!ids.insert(event.id).second) FAIL("twice");
        }
    }
    return ids;
}

struct AtThreadExit {
    std::uint64_t id;
    ~AtThreadExit() { record(id); }
};

void record_id_of_key(void* id) { record(reinterpret_cast<std::uint64_t>(id)); }

}  // namespace

TEST_CASE("ten thousand threads one after another use few lanes, and nothing is lost") {
    record(0);
    TestConsumer consumer;
    constexpr std::uint64_t kThreads = 10'000;
    constexpr std::uint64_t kEach = 5;
    for (std::uint64_t i = 0; i < kThreads; ++i) {
        std::thread([i] {
            for (std::uint64_t n = 0; n < kEach; ++n)
                record(1 + i * kEach + n);
        }).join();
    }
    consumer.stop();
    CHECK(consumer.faults() == 0);
    CHECK(test::lost_so_far() == 0);
    CHECK(ids_of(consumer, 1).size() == kThreads * kEach);
    CHECK(status().lanes <= 8);
}

TEST_CASE("destructors that run after a thread's end still record") {
    TestConsumer consumer;
    const std::uint64_t lost = test::lost_so_far();
    pthread_key_t key;
    REQUIRE(pthread_key_create(&key, record_id_of_key) == 0);
    const std::uint64_t first = 1'000'000;
    for (std::uint64_t i = 0; i < 50; ++i) {
        std::thread([&, i] {
            thread_local AtThreadExit at_exit{first + 2 * i};
            CHECK(at_exit.id == first + 2 * i);
            pthread_setspecific(key, reinterpret_cast<void*>(first + 2 * i + 1));
        }).join();
    }
    consumer.stop();
    CHECK(test::lost_so_far() == lost);
    CHECK(ids_of(consumer, first).size() == 100);
}

TEST_CASE("more threads than lanes at once: each event is in a lane or counted") {
    TestConsumer consumer;
    const std::uint64_t lost = test::lost_so_far();
    const std::uint64_t first = 2'000'000;
    constexpr std::uint64_t kThreads = 300;
    constexpr std::uint64_t kEach = 200;
    std::barrier together(kThreads);
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            for (std::uint64_t n = 0; n < kEach; ++n) {
                if (n % 50 == 0) together.arrive_and_wait();
                record(first + i * kEach + n);
            }
            together.arrive_and_wait();
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    consumer.stop();
    CHECK(consumer.faults() == 0);
    const auto ids = ids_of(consumer, first);
    CHECK(ids.size() + (test::lost_so_far() - lost) == kThreads * kEach);
    CHECK(ids.size() >= 200 * kEach);  // those with a lane of their own lose nothing
    const tidemark_status now = status();
    CHECK(now.lanes <= shm::kMaxLanes);
    CHECK(now.lanes >= 200);
    CHECK(test::lost_so_far() ==
          now.lost[TIDEMARK_LOSS_NO_LANE].allocations + now.lost[TIDEMARK_LOSS_FULL].allocations);
}

TEST_CASE("lanes that were left are used again") {
    TestConsumer consumer;
    const std::uint32_t lanes = status().lanes;
    const std::uint64_t lost = test::lost_so_far();
    const std::uint64_t first = 3'000'000;
    for (std::uint64_t round = 0; round < 20; ++round) {
        std::vector<std::thread> threads;
        for (std::uint64_t i = 0; i < 20; ++i)
            threads.emplace_back([=] { record(first + round * 20 + i); });
        for (std::thread& thread : threads)
            thread.join();
    }
    consumer.stop();
    CHECK(status().lanes == lanes);
    CHECK(test::lost_so_far() == lost);
    CHECK(ids_of(consumer, first).size() == 400);
}
