// SPDX-License-Identifier: Apache-2.0
//
// Attach, drain and retire of a ring segment: a valid one is changed word by word, as the input says, before and after
// it is attached, while a pass runs now and then. The collector must neither die nor hang, its figures must agree
// with each other, and the honest ring beside must come out exactly right.
#include <fcntl.h>
#include <unistd.h>

#include "shm/call_sites.hpp"
#include "tests/fuzz/drain_world.hpp"

namespace tidemark::fuzz {
namespace {

constexpr std::uint32_t kCapacity = 64;
constexpr std::uint32_t kLanes = 4;  // claimed; with those of handlers twice as many
constexpr int kMostPasses = 6;       // a replayed lane is 74 thousand events

// The hostile ring. Written through a descriptor: a map of it would fault here once it is truncated.
class HostileRing {
public:
    explicit HostileRing(const std::string& instance) : ring_(instance, kLanes, kCapacity) {
        file_ = open(("/dev/shm/" + ring_.name).c_str(), O_RDWR | O_CLOEXEC);
        require(file_ >= 0, "the hostile ring is gone");
    }
    ~HostileRing() { close(file_); }

    const std::string& name() const { return ring_.name; }
    std::uint64_t image() const { return ring_.image; }
    void let_go() { ring_.let_go(); }
    template <class Word>
    void put(std::uint64_t offset, Word word) const {
        const std::uint64_t end = ring_.size() - sizeof word;
        [[maybe_unused]] const ssize_t written =
            pwrite(file_, &word, sizeof word, static_cast<off_t>(std::min(offset, end)));
    }
    template <class Word>
    Word at(std::uint64_t offset) const {
        Word word{};
        [[maybe_unused]] const ssize_t size =
            pread(file_, &word, sizeof word, static_cast<off_t>(offset));
        return word;
    }
    void truncate(std::uint64_t pages) const {
        [[maybe_unused]] const int done =
            ftruncate(file_, static_cast<off_t>(pages * 4096 % (ring_.size() + 4096)));
    }
    // Appended as its producer would, if the lane's words still let it.
    void append(std::uint32_t lane, const shm::Event& event) const {
        const std::uint64_t words = lane_at(lane);
        const auto head = at<std::uint64_t>(words);
        put(block_of(lane) + head % kCapacity * sizeof event, event);
        put(words, head + 1);
    }
    static std::uint64_t lane_at(std::uint32_t lane) {
        return shm::kLanesOffset + std::uint64_t{lane % (2 * shm::kMaxLanes)} * sizeof(shm::Lane);
    }
    static std::uint64_t block_of(std::uint32_t lane) {
        return shm::kBlocksOffset + std::uint64_t{lane} * kCapacity * sizeof(shm::Event);
    }
    // It never asks for another instance: somebody else's collector may run here.
    void keep_to_itself(const std::string& instance) const {
        char name[64] = {};
        std::strncpy(name, instance.c_str(), sizeof name - 1);
        for (std::size_t i = 0; i < sizeof name; i += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, name + i, sizeof word);
            put(offsetof(shm::RingHeader, instance) + i, word);
        }
    }

private:
    test::HandRing ring_;
    int file_ = -1;
};

shm::Event event_of(Input& input) {
    const auto operation = static_cast<shm::Operation>(input.take<std::uint8_t>() % 8);
    const std::uint32_t pool = input.take<std::uint8_t>() % 16;
    const auto flags = input.take<std::uint8_t>();
    const std::uint64_t size = input.take<std::uint64_t>() & shm::kMaxEventSize;
    const auto id = input.take<std::uint16_t>();
    const auto late = input.take<std::uint32_t>();
    const std::uint64_t now = test::HandRing::now();
    // Not within the next second, for which it would be waited for.
    const std::uint64_t stamp = (flags & 0x80) != 0 ? now + ((std::uint64_t{late} + 9999) << 20)
                                                    : now - std::uint64_t{late};
    const bool far = operation == shm::Operation::kLink;
    const std::uint64_t place = far ? shm::kBlocksOffset + id * 64ull : id;
    return {stamp, place, shm::pack(operation, pool, size, flags & 3),
            input.take<std::uint8_t>() % 4u, input.take<std::uint8_t>() % 64u};
}

// A stretch of good events, so that what follows meets tables with something in them.
void work(const HostileRing& ring, Input& input) {
    const std::uint32_t lane = input.take<std::uint8_t>() % (2 * kLanes);
    const std::uint32_t count = input.take<std::uint8_t>() % kCapacity;
    const std::uint64_t from = input.take<std::uint16_t>();
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto operation = i % 3 == 2 ? shm::Operation::kFree : shm::Operation::kAllocation;
        ring.append(lane,
                    {test::HandRing::now(), from + i / 3, shm::pack(operation, 0, 64 + i), 0, 0});
    }
}

void step(DrainWorld& world, const HostileRing& ring, Input& input, int& passes) {
    switch (input.take<std::uint8_t>() % 10) {
        case 0:  // the header, live words included
            ring.put(input.take<std::uint16_t>() % 1024u & ~7u, input.take<std::uint64_t>());
            ring.keep_to_itself(DrainWorld::name());
            break;
        case 1: {  // a lane: head, block, tail
            const std::uint64_t lane = HostileRing::lane_at(input.take<std::uint8_t>() % 12u);
            const std::uint64_t offsets[] = {0, 8, 16, 128, 136};
            const std::uint64_t place = lane + offsets[input.take<std::uint8_t>() % 5u];
            const auto word = input.take<std::uint64_t>();
            ring.put(place, input.take<std::uint8_t>() % 2 == 0
                                ? word
                                : ring.at<std::uint64_t>(place) + (word & 0x1FFFF));
            break;
        }
        case 2:
        case 3: {
            const std::uint32_t lane = input.take<std::uint8_t>() % (2 * kLanes);
            ring.append(lane, event_of(input));
            break;
        }
        case 4:  // anywhere
            ring.put(input.take<std::uint32_t>() & ~7u, input.take<std::uint64_t>());
            ring.keep_to_itself(DrainWorld::name());
            break;
        case 5:
            ring.put(shm::kDeclarationsOffset + (input.take<std::uint16_t>() & 0xFF8u),
                     input.take<std::uint64_t>());
            break;
        case 6:
            ring.truncate(input.take<std::uint16_t>());
            break;
        case 7:
            work(ring, input);
            break;
        case 8:
            if (++passes <= kMostPasses) world.core().flush();
            break;
        default:
            if (++passes > kMostPasses) break;
            world.kill();
            world.open();
    }
}

void run(const std::uint8_t* data, std::size_t size) {
    DrainWorld world;
    HostileRing ring(DrainWorld::name());
    Input input(data, size);
    // Call sites of two frames in what is otherwise room for blocks; the input may take them away again.
    if (input.take<std::uint8_t>() % 2 != 0) {
        const std::uint64_t stacks = shm::kBlocksOffset + 64 * 4096;
        ring.put(offsetof(shm::RingHeader, stacks_offset), stacks);
        ring.put(offsetof(shm::RingHeader, modules_offset), stacks + shm::stacks_bytes(2));
        ring.put(offsetof(shm::RingHeader, stack_frames), std::uint32_t{2});
    }
    for (std::uint32_t before = input.take<std::uint8_t>() % 4; before > 0; --before) {
        int passes = kMostPasses;
        step(world, ring, input, passes);
    }
    world.core().ring_appeared(ring.name());
    int passes = 0;
    while (!input.is_empty())
        step(world, ring, input, passes);
    world.honest_goes_on();
    world.check_figures();
    ring.let_go();
    const auto has_ended = [&] {
        world.core().flush();
        const auto row = world.process_of(ring.image());
        return !row || row->state == TIDEMARK_PROCESS_EXITED;
    };
    // A record that is stamped less than a second ahead is waited for.
    const std::uint64_t until = shm::monotonic_ns() + 3'000'000'000;
    bool ended = has_ended();
    while (!ended && shm::monotonic_ns() < until)
        ended = has_ended();
    require(ended, "the hostile image does not end");
    world.check_figures();
    world.honest_goes_on();
}

}  // namespace
}  // namespace tidemark::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tidemark::fuzz::run(data, size);
    return 0;
}
