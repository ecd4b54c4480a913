// SPDX-License-Identifier: Apache-2.0
//
// The older messages, from bytes to frames: five struct sizes, found by what comes, cut and glued anywhere.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <vector>

#include "collector/gateway/clients.hpp"
#include "collector/gateway/frame_stream.hpp"
#include "collector/gateway/held_buffers.hpp"
#include "shm/identity_raw.hpp"
#include "tests/process/older_frames.hpp"

using namespace tidemark::collector::gateway;
namespace older = tidemark::test::older;

namespace {

constexpr FrameVersion kVersions[] = {FrameVersion::kA, FrameVersion::kB, FrameVersion::kC,
                                      FrameVersion::kD, FrameVersion::kE};

// An event as a client of that version would send it.
older::Bytes event(FrameVersion version, std::uint64_t id, std::uint64_t size, bool frees = false) {
    if (version == FrameVersion::kE)
        return older::small_frame(frees ? older::kCbFree : older::kCbAllocation, 1, size, id, 4242);
    return older::frame(size_of(version), frees ? older::kFree : older::kAllocation, 1, size, 1,
                        4242, id, frees ? 0 : 1'760'000'000'123'456'789);
}

std::vector<Frame> all_of(FrameStream& stream) {
    std::vector<Frame> frames;
    while (const auto frame = stream.next())
        frames.push_back(*frame);
    return frames;
}

void add(FrameStream& stream, const older::Bytes& bytes, std::size_t from, std::size_t count) {
    stream.add(std::as_bytes(std::span(bytes).subspan(from, count)));
}

}  // namespace

TEST_CASE("one frame and then silence is a frame of its own size, in each version") {
    for (const FrameVersion version : kVersions) {
        CAPTURE(letter_of(version));
        FrameStream stream;
        const older::Bytes bytes = event(version, 0x7000, 512);
        add(stream, bytes, 0, bytes.size());
        stream.quiet();
        const std::vector<Frame> frames = all_of(stream);
        REQUIRE(frames.size() == 1);
        CHECK(stream.version() == version);
        CHECK(frames[0].device == 1);
        CHECK(frames[0].size == 512);
        CHECK(frames[0].id == 0x7000);
        CHECK(frames[0].process == 4242);
    }
}

TEST_CASE("a stream of events is understood however it is cut, without any silence") {
    std::mt19937 random(7);
    for (const FrameVersion version : kVersions) {
        CAPTURE(letter_of(version));
        older::Bytes bytes;
        for (std::uint64_t i = 0; i < 40; ++i)
            older::append(bytes, event(version, i, 100 + i, i % 3 == 2));
        for (int round = 0; round < 50; ++round) {
            FrameStream stream;
            std::vector<Frame> frames;
            for (std::size_t at = 0; at < bytes.size();) {
                const std::size_t part =
                    std::min<std::size_t>(1 + random() % 200, bytes.size() - at);
                add(stream, bytes, at, part);
                at += part;
                for (const Frame& frame : all_of(stream))
                    frames.push_back(frame);
            }
            REQUIRE_FALSE(stream.is_garbage());
            REQUIRE(frames.size() == 40);
            REQUIRE(stream.version() == version);
            for (std::uint64_t i = 0; i < frames.size(); ++i)
                REQUIRE((frames[i].id == i && frames[i].size == 100 + i));
        }
    }
}

TEST_CASE("a question is understood although it names no process") {
    for (const std::size_t size : {72u, 112u, 128u, 144u}) {
        FrameStream stream;
        const older::Bytes bytes = older::frame(size, older::kQuery, 3, 0, 0, 0, 0);
        add(stream, bytes, 0, 50);
        CHECK(stream.is_undecided());
        add(stream, bytes, 50, size - 50);
        CHECK(all_of(stream).empty());  // more could come
        stream.quiet();
        const auto frames = all_of(stream);
        REQUIRE(frames.size() == 1);
        CHECK(frames[0].type == FrameType::kQuery);
        CHECK(frames[0].device == 3);
        CHECK(size_of(*stream.version()) == size);
    }
}

TEST_CASE("what no version explains is garbage at once, and later too") {
    FrameStream text;
    const older::Bytes words = {'G', 'E', 'T', ' ', '/'};
    add(text, words, 0, words.size());
    CHECK(text.is_garbage());

    FrameStream stream;
    older::Bytes bytes = event(FrameVersion::kB, 1, 1);
    older::append(bytes, event(FrameVersion::kB, 2, 2));
    older::append(bytes, older::Bytes(112, 0xEE));
    add(stream, bytes, 0, bytes.size());
    CHECK(all_of(stream).size() == 2);
    CHECK(stream.is_garbage());
}

TEST_CASE("random bytes are refused or wait, and never read beyond what came") {
    std::mt19937_64 random(11);
    for (int round = 0; round < 20'000; ++round) {
        FrameStream stream;
        older::Bytes bytes(random() % 400);
        for (auto& byte : bytes)
            byte = static_cast<std::uint8_t>(random() % 14);  // types and zeros are common
        add(stream, bytes, 0, bytes.size());
        stream.quiet();
        std::size_t frames = 0;
        while (stream.next())
            ++frames;
        REQUIRE(frames <= bytes.size() / 32);
        REQUIRE(stream.pending() <= bytes.size());
    }
}

TEST_CASE("an answer has the fields of its version, and what does not fit saturates") {
    DeviceFigures figures;
    figures.dram = 1;
    figures.l1 = 2;
    figures.l1_small = 3;
    figures.system_memory = 40;
    figures.trace = 4;
    figures.cb = 5;
    figures.kernel = 6;
    figures.total_dram = 7;
    figures.total_l1 = 8;
    figures.arch = 2;
    figures.dram_channels = 12;
    figures.dram_per_channel = std::uint64_t{1} << 33;
    figures.l1_per_core = 1464 * 1024;
    figures.is_available = true;
    figures.devices = 3;
    for (const FrameVersion version : kVersions) {
        if (version == FrameVersion::kE) continue;
        CAPTURE(letter_of(version));
        const EncodedFrame frame = encode(version, FrameType::kResponse, 9, figures);
        REQUIRE(frame.size == size_of(version));
        const older::Answer answer = older::read_answer(
            {reinterpret_cast<const std::uint8_t*>(frame.bytes.data()), frame.size});
        CHECK(answer.type == older::kResponse);
        CHECK(answer.device == 9);
        CHECK(answer.dram == 1);
        CHECK(answer.l1 == 2);
        CHECK(answer.l1_small == 43);  // with system memory, as the older server had it
        CHECK(answer.trace == 4);
        if (version == FrameVersion::kA) continue;
        CHECK(answer.total_dram == 7);
        CHECK(answer.total_l1 == 8);
        CHECK(answer.arch == 2);
        CHECK(answer.dram_channels == 12);
        CHECK(answer.dram_per_channel == 0xFFFFFFFFu);
        CHECK(answer.l1_per_core == 1464 * 1024);
        CHECK(answer.is_available == 1);
        CHECK(answer.devices == 3);
        if (version == FrameVersion::kB) continue;
        CHECK(answer.cb == 5);
        CHECK(answer.kernel == 6);
    }
}

TEST_CASE("an id that is allocated twice has two lives, and a free takes the newest") {
    HeldBuffers held;
    const BufferKey key{0, 5, 3};
    const auto first = held.allocate(key, 100, 1);
    const auto second = held.allocate(key, 200, 2);
    REQUIRE((first && second));
    CHECK(ring_id(3, first->number) == 3);
    CHECK(ring_id(3, second->number) != 3);
    CHECK(held.count() == 2);
    CHECK(held.free(0, 1u << 5, 3, 0)->buffer.size == 200);
    CHECK(held.free(0, 1u << 5, 3, 0)->buffer.size == 100);
    CHECK_FALSE(held.free(0, 1u << 5, 3, 0));
    CHECK(held.count() == 0);
}

TEST_CASE("a free that states a size takes the newest of that size") {
    HeldBuffers held;
    const BufferKey key{0, 5, 3};
    (void)held.allocate(key, 100, 1);
    (void)held.allocate(key, 100, 2);
    (void)held.allocate(key, 200, 3);
    const auto freed = held.free(0, 1u << 5, 3, 100);
    CHECK(freed->buffer.size == 100);
    CHECK(freed->buffer.since_ns == 2);
    // No id in the ring is given twice while its life lasts.
    const auto next = held.allocate(key, 300, 4);
    for (const auto& other : held.all())
        CHECK((other.buffer.order == next->order || other.buffer.number != next->number));
}

TEST_CASE(
    "an id that never rests has instances for ever, if older ones are freed before newer ones") {
    HeldBuffers held;
    const BufferKey key{0, 5, 3};
    REQUIRE(held.allocate(key, 100, 1));
    for (std::uint32_t i = 0; i < 3 * HeldBuffers::kMostInstances; ++i) {
        const std::uint64_t size = i % 2 == 0 ? 200 : 100;
        const auto newer = held.allocate(key, size, 2);
        REQUIRE(newer);
        const auto older = held.free(0, 1u << 5, 3, 300 - size);
        REQUIRE(older);
        REQUIRE(older->buffer.number != newer->number);
    }
    CHECK(held.count() == 1);
    HeldBuffers full;
    for (std::uint32_t i = 0; i < HeldBuffers::kMostInstances; ++i)
        REQUIRE(full.allocate(key, 100, 3));
    CHECK_FALSE(full.allocate(key, 100, 3));
}

TEST_CASE(
    "a free that names no pool looks in all of them, newest first, and says when it was "
    "ambiguous") {
    HeldBuffers held;
    (void)held.allocate({0, 0, 7}, 10, 1);
    (void)held.allocate({0, 3, 7}, 20, 2);
    (void)held.allocate({1, 0, 7}, 30, 3);
    const auto freed = held.free(0, 0x1F, 7, 0);
    CHECK(freed->key.pool == 3);
    CHECK(freed->is_newest_of_all);
    const auto again = held.free(0, 0x1F, 7, 0);
    CHECK(again->key.pool == 0);
    CHECK_FALSE(again->is_newest_of_all);
    CHECK(held.take_device(1).size() == 1);
    CHECK(held.count() == 0);
}

TEST_CASE("processes that are not visible here are not taken for one") {
    tidemark::collector::EventLoop loop;
    std::string error;
    REQUIRE(loop.open(error));
    int ended = 0;
    Clients clients(loop, "nobody", [&](const auto&) { ++ended; });
    Peer invisible, visible;
    visible.pid = getpid();
    visible.start_ticks = tidemark::shm::read_start_ticks(getpid());
    const auto one = clients.join(invisible), other = clients.join(invisible);
    CHECK(one != other);
    CHECK(clients.join(visible) == clients.join(visible));
    clients.leave(one);
    CHECK(ended == 1);
    clients.leave(other);
    CHECK(ended == 2);
}
