// SPDX-License-Identifier: Apache-2.0
//
// A lane between its two ends, in ordinary memory: wrap-around, limits, links, and two threads at once.
#include <doctest/doctest.h>
#include <sys/mman.h>

#include <thread>
#include <vector>

#include "shm/lane_reader.hpp"
#include "shm/lane_writer.hpp"

namespace {

using namespace tidemark::shm;

constexpr std::uint64_t kSize = kBlocksOffset + (1u << 20);

// A segment of one lane whose indices start anywhere.
struct Fixture {
    std::byte* base = static_cast<std::byte*>(
        mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    Lane* lane = reinterpret_cast<Lane*>(base + kLanesOffset);
    LaneWriter writer{};
    LaneReader reader{base, kSize, 0};

    explicit Fixture(std::uint32_t capacity, std::uint64_t start = 0) {
        lane->head = lane->tail = start;
        lane->first_offset = kBlocksOffset;
        lane->first_capacity = capacity;
        writer.begin(base, *lane, kBlocksOffset, capacity, 0);
        REQUIRE(reader.begin());
        reader.cursor.position = start;
    }
    ~Fixture() { munmap(base, kSize); }

    // Appends if the consumer left room, as the producer's slow path would.
    bool append(std::uint64_t id) {
        const std::uint64_t head = writer.head();
        if (!writer.has_room(head)) {
            const std::uint64_t used = writer.look(head);
            writer.allow(head, writer.capacity() - used);
            if (!writer.has_room(head)) return false;
        }
        writer.append(head, id, id, pack(Operation::kAllocation, 0, id & 0xFFFF), 7);
        return true;
    }
    std::vector<Event> take(std::size_t most = 1u << 16) {
        std::vector<Event> events(most);
        auto fault = TIDEMARK_QUARANTINE_NONE;
        events.resize(reader.take(reader.head(), events.data(), most, fault));
        CHECK(fault == TIDEMARK_QUARANTINE_NONE);
        return events;
    }
    void give_back() { reader.release_space(reader.cursor.position); }
};

}  // namespace

TEST_CASE("records come out as they went in, in order, across the wrap of the indices") {
    for (const std::uint64_t start :
         {std::uint64_t{0}, ~std::uint64_t{0} - 5, std::uint64_t{1} << 63}) {
        Fixture f(16, start);
        std::uint64_t next_in = 1;
        std::uint64_t next_out = 1;
        for (int round = 0; round < 20; ++round) {
            for (int i = 0; i < 7; ++i)
                REQUIRE(f.append(next_in++));
            for (const Event& event : f.take()) {
                CHECK(event.id == next_out);
                CHECK(event.stamp == next_out);
                CHECK(event.size() == (next_out & 0xFFFF));
                CHECK(event.device == 7);
                CHECK(event.stack == 0);
                ++next_out;
            }
            f.give_back();
        }
        CHECK(next_out == next_in);
    }
}

TEST_CASE("a full lane refuses, at every fill level and at the wrap, until space is given back") {
    for (std::uint64_t start : {std::uint64_t{0}, ~std::uint64_t{0} - 3, std::uint64_t{13}}) {
        Fixture f(16, start);
        for (std::uint64_t i = 0; i < 16; ++i)
            REQUIRE(f.append(i));
        CHECK_FALSE(f.append(99));
        CHECK(f.take(1).size() == 1);
        CHECK_FALSE(f.append(99));  // taken, but not yet given back
        f.give_back();
        CHECK(f.append(16));
        CHECK_FALSE(f.append(99));
        const auto rest = f.take();
        REQUIRE(rest.size() == 16);
        CHECK(rest.back().id == 16);
    }
}

TEST_CASE("a tail that can't be is ignored") {
    Fixture f(16, 100);
    for (std::uint64_t i = 0; i < 16; ++i)
        REQUIRE(f.append(i));
    f.lane->tail = 99;  // backwards
    CHECK_FALSE(f.append(1));
    f.lane->tail = 117;  // past the head
    CHECK_FALSE(f.append(1));
    f.lane->tail = 108;
    CHECK(f.append(1));
}

TEST_CASE("a lane goes on in larger blocks and the reader follows, however late it comes") {
    for (const std::uint64_t start : {std::uint64_t{0}, ~std::uint64_t{0} - 20}) {
        Fixture f(16, start);
        std::uint64_t next = 1;
        std::uint64_t offset = kBlocksOffset + 16 * sizeof(Event);
        for (const std::uint32_t capacity : {64u, 256u, 1024u}) {
            for (int i = 0; i < 9; ++i)
                REQUIRE(f.append(next++));
            f.writer.link(f.writer.head(), f.base, offset, capacity, next);
            offset += capacity * sizeof(Event);
        }
        while (f.append(next))
            ++next;
        CHECK(next == 1 + 3 * 9 + 1024);  // all of the last block counts, whatever the tail
        const auto events = f.take();
        REQUIRE(events.size() == next - 1);
        for (std::size_t i = 0; i < events.size(); ++i)
            CHECK(events[i].id == i + 1);
        CHECK(f.reader.cursor.links == 3);
        f.give_back();
        CHECK(f.append(next));
        REQUIRE(f.take().size() == 1);
    }
}

TEST_CASE("a writer that goes on after another continues the lane") {
    Fixture f(16);
    for (std::uint64_t i = 0; i < 3; ++i)
        REQUIRE(f.append(i));
    LaneWriter copy = f.writer;  // what the next owner of the lane finds
    copy.append(copy.head(), 3, 3, pack(Operation::kFree, 0, 0), 0);
    CHECK(f.take().size() == 4);
}

TEST_CASE("two threads: nothing lost, nothing twice, nothing torn") {
    constexpr std::uint64_t kEvents = 200'000;
    Fixture f(64, ~std::uint64_t{0} - 1000);
    std::thread producer([&] {
        for (std::uint64_t i = 1; i <= kEvents;) {
            if (f.append(i))
                ++i;
            else
                std::this_thread::yield();
        }
    });
    std::uint64_t next = 1;
    std::uint64_t wrong = 0;
    while (next <= kEvents) {
        for (const Event& event : f.take(32)) {
            wrong += event.id != next || event.stamp != next || event.size() != (next & 0xFFFF);
            ++next;
        }
        f.give_back();
        std::this_thread::yield();
    }
    producer.join();
    CHECK(wrong == 0);
    CHECK(next == kEvents + 1);
}
