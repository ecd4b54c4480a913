// SPDX-License-Identifier: Apache-2.0
//
// Call sites on their way from a ring to the account's readers, and rings that lie about theirs: a lie costs the names
// of one program's call sites, and nothing else.
#include <cstring>

#include "shm/call_sites.hpp"
#include "tests/unit/collector/drain_harness.hpp"
#include "tidemark/account_reader.hpp"

using namespace tidemark;
using test::HandRing;
using test::RunningCore;
using test::unique_instance;

namespace {

constexpr std::uint32_t kFrames = 4;
constexpr std::uint64_t kStacks = shm::kBlocksOffset + (2 << 20);  // behind the lanes' blocks

std::byte* at(HandRing& ring, std::uint64_t offset) {
    return reinterpret_cast<std::byte*>(&ring.header()) + offset;
}

std::uint64_t* stack(HandRing& ring, std::uint32_t number) {
    return reinterpret_cast<std::uint64_t*>(at(ring, kStacks)) + (number - 1) * (1 + kFrames);
}

shm::Module& module(HandRing& ring, std::uint32_t index) {
    return reinterpret_cast<shm::Module*>(at(ring, kStacks + shm::stacks_bytes(kFrames)))[index];
}

// Before the collector looks: it attaches a ring at the next flush.
void offer(HandRing& ring) {
    ring.header().stacks_offset = kStacks;
    ring.header().modules_offset = kStacks + shm::stacks_bytes(kFrames);
    ring.header().stack_frames = kFrames;
}

void put_stack(HandRing& ring, std::uint32_t number, std::initializer_list<std::uint64_t> frames) {
    std::uint64_t* entry = stack(ring, number);
    *entry = frames.size();
    std::copy(frames.begin(), frames.end(), entry + 1);
}

void allocate(HandRing& ring, std::uint64_t id, std::uint32_t stack_number) {
    ring.put(0,
             {HandRing::now(), id, shm::pack(shm::Operation::kAllocation, 0, 64), 0, stack_number});
}

AccountReader account_of(const RunningCore& core, const HandRing& ring) {
    std::string error;
    auto reader = AccountReader::open(core.configuration.instance, ring.image, &error);
    REQUIRE_MESSAGE(reader.has_value(), error);
    return std::move(*reader);
}

// Of the only buffer with this id.
std::vector<Frame> site_of(AccountReader& account, std::uint64_t id) {
    for (const LiveBuffer& buffer : account.live_buffers().buffers)
        if (buffer.id == id) return account.call_site(buffer.stack);
    FAIL("no such buffer");
    return {};
}

}  // namespace

TEST_CASE("call sites outlive their program, with the files that they lie in") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance);
    offer(ring);
    put_stack(ring, 1, {0x1010, 0x2020});
    put_stack(ring, 7, {0x9999});
    module(ring, 0).begin = 0x1000;
    module(ring, 0).end = 0x2000;
    std::strcpy(module(ring, 0).path, "/bin/old");
    module(ring, 1) = module(ring, 0);
    std::strcpy(module(ring, 1).path, "/bin/new");
    ring.header().modules_used = 2;
    ring.header().stacks_dropped = 3;
    allocate(ring, 1, 1);
    allocate(ring, 2, 7);
    allocate(ring, 3, 0);
    core.flush();
    ring.let_go();
    core.flush();
    AccountReader account = account_of(core, ring);
    REQUIRE(account.exited());
    const auto frames = site_of(account, 1);
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].address == 0x1010);
    REQUIRE(frames[0].module != nullptr);
    CHECK(std::string(frames[0].module->path) == "/bin/new");
    CHECK(frames[1].address == 0x2020);
    CHECK(frames[1].module == nullptr);
    CHECK(site_of(account, 2).size() == 1);
    CHECK(site_of(account, 3).empty());
    CHECK(account.stacks_dropped() == 3);
}

TEST_CASE("a stack that was kept is not read again") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance);
    offer(ring);
    put_stack(ring, 1, {0x1010});
    allocate(ring, 1, 1);
    core.flush();
    put_stack(ring, 1, {0x6666, 0x7777});
    allocate(ring, 2, 1);
    core.flush();
    AccountReader account = account_of(core, ring);
    CHECK(site_of(account, 1).size() == 1);
    CHECK(site_of(account, 2).front().address == 0x1010);
}

TEST_CASE("numbers and counts that can't be give an unknown call site") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance);
    offer(ring);
    *stack(ring, 1) = kFrames + 1;
    *stack(ring, 2) = ~0ull;
    ring.header().modules_used = ~0u;
    std::memset(static_cast<void*>(&module(ring, 0)), 0xFF, sizeof(shm::Module));
    put_stack(ring, 4, {~0ull, 0});
    const std::uint32_t numbers[] = {1, 2, 3, shm::kStackEntries + 1, 1u << 31, ~0u, 4};
    std::uint64_t id = 0;
    for (const std::uint32_t number : numbers)
        allocate(ring, ++id, number);
    core.flush();
    AccountReader account = account_of(core, ring);
    for (std::uint64_t wrong = 1; wrong < id; ++wrong)
        CHECK(site_of(account, wrong).empty());
    CHECK(site_of(account, id).size() == 2);
    CHECK(account.header().modules_used == shm::kModuleEntries);
    const auto process = core.process(ring.image);
    REQUIRE(process);
    CHECK(process->quarantine == 0);
    CHECK(core.usage(0)->live == id);
}

TEST_CASE("places that can't be mean that no call sites are recorded") {
    RunningCore core(unique_instance());
    HandRing ring(core.configuration.instance);
    offer(ring);
    SUBCASE("beyond the object") { ring.header().stacks_offset = 1ull << 40; }
    SUBCASE("at its last page") {
        ring.header().stacks_offset = ring.header().object_size / 4096 * 4096 - 4096;
    }
    SUBCASE("between pages") { ring.header().stacks_offset += 8; }
    SUBCASE("far away") { ring.header().stacks_offset = ~0ull - 4095; }
    SUBCASE("modules elsewhere") { ring.header().modules_offset = 0; }
    SUBCASE("no frames") { ring.header().stack_frames = 0; }
    SUBCASE("too many frames") { ring.header().stack_frames = shm::kMostFrames + 1; }
    SUBCASE("absurdly many frames") { ring.header().stack_frames = ~0u; }
    put_stack(ring, 1, {0x1010});
    allocate(ring, 1, 1);
    core.flush();
    AccountReader account = account_of(core, ring);
    CHECK(account.header().stacks_offset == 0);
    CHECK(site_of(account, 1).empty());
    CHECK(core.process(ring.image)->quarantine == 0);
}

TEST_CASE("call sites of a collector that was replaced are its successor's") {
    const std::string instance = unique_instance();
    HandRing ring(instance);
    offer(ring);
    put_stack(ring, 1, {0x1010});
    put_stack(ring, 2, {0x2020});
    {
        RunningCore first(instance, true);
        allocate(ring, 1, 1);
        first.flush();
    }
    RunningCore second(instance, false);
    allocate(ring, 2, 2);
    second.flush();
    AccountReader account = account_of(second, ring);
    CHECK(site_of(account, 1).front().address == 0x1010);
    CHECK(site_of(account, 2).front().address == 0x2020);
}
