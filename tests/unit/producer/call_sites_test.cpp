// SPDX-License-Identifier: Apache-2.0
//
// Call sites in the producer: walks over stacks made by hand, lines of /proc/self/maps, and the table that keeps each
// stack once.
#include <doctest/doctest.h>
#include <sys/mman.h>

#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "producer/stack_table.hpp"
#include "producer/stack_walk.hpp"
#include "producer/unwind_rules.hpp"
#include "shm/raw_maps.hpp"

using namespace tidemark;
using producer::CodeRange;
using producer::UnwindRule;

namespace {

constexpr CodeRange kNobody{0, 0};
constexpr std::uint64_t kCode = 0x400000;  // return addresses of these tests, in no mapping

UnwindRule no_rule(void*, std::uint64_t) noexcept { return {}; }
UnwindRule rule_at(void* rules, std::uint64_t address) noexcept {
    return static_cast<UnwindRule*>(rules)[address - kCode];
}

// Words that stand for a stack; place n is words[n].
struct Stack {
    std::array<std::uintptr_t, 64> words{};
    std::uintptr_t at(std::size_t place) const {
        return reinterpret_cast<std::uintptr_t>(words.data() + place);
    }
    std::uintptr_t end() const { return at(words.size()); }
    void frame(std::size_t place, std::uintptr_t next, std::uintptr_t caller) {
        words[place] = next;
        words[place + 1] = caller;
    }
    std::vector<std::uint64_t> walk(std::uintptr_t stack_end, std::uint32_t most = 32,
                                    CodeRange own = kNobody, UnwindRule* rules = nullptr) const {
        std::uint64_t out[33];
        out[32] = 77;
        const producer::RuleSource source{rules != nullptr ? rule_at : no_rule, rules};
        const std::uint32_t count = producer::walk_frames(at(0), stack_end, own, source, out, most);
        CHECK(out[32] == 77);
        return {out, out + count};
    }
};

using Addresses = std::vector<std::uint64_t>;

// Three frames.
Stack whole_stack() {
    Stack stack;
    stack.frame(0, stack.at(8), kCode + 1);
    stack.frame(8, stack.at(20), kCode + 2);
    stack.frame(20, 0, kCode + 3);
    return stack;
}

UnwindRule rule(std::int64_t size, std::int64_t saved = 0) { return {false, size, saved}; }

}  // namespace

TEST_CASE("a chain of frame pointers is followed to its end, or as far as is wanted") {
    Stack stack = whole_stack();
    CHECK(stack.walk(stack.end()) == Addresses{kCode + 1, kCode + 2, kCode + 3});
    CHECK(stack.walk(stack.end(), 2) == Addresses{kCode + 1, kCode + 2});
}

TEST_CASE("frames of the library itself are left out at the beginning only") {
    Stack stack = whole_stack();
    const CodeRange own{kCode + 1, kCode + 2};
    CHECK(stack.walk(stack.end(), 32, own) == Addresses{kCode + 2, kCode + 3});
    stack.words[21] = kCode + 1;
    CHECK(stack.walk(stack.end(), 32, own) == Addresses{kCode + 2, kCode + 1});
}

TEST_CASE("on a stack that nobody knows only the caller is there") {
    Stack stack = whole_stack();
    CHECK(stack.walk(0) == Addresses{kCode + 1});
    CHECK(stack.walk(0, 32, {kCode + 1, kCode + 2}) == Addresses{kCode + 2});
}

TEST_CASE("a frame pointer that leads nowhere ends the walk") {
    Stack stack = whole_stack();
    SUBCASE("downwards") { stack.words[8] = stack.at(2); }
    SUBCASE("to itself") { stack.words[8] = stack.at(8); }
    SUBCASE("between words") { stack.words[8] = stack.at(20) + 4; }
    SUBCASE("to the last word") { stack.words[8] = stack.at(63); }
    SUBCASE("to the end") { stack.words[8] = stack.end(); }
    SUBCASE("beyond the end") { stack.words[8] = stack.end() + 4096; }
    SUBCASE("nowhere at all") { stack.words[8] = ~std::uintptr_t{0} - 7; }
    SUBCASE("zero") { stack.words[8] = 0; }
    CHECK(stack.walk(stack.end()) == Addresses{kCode + 1, kCode + 2});
}

TEST_CASE("a return address in the first page is none") {
    Stack stack = whole_stack();
    stack.words[9] = 4095;
    CHECK(stack.walk(stack.end()) == Addresses{kCode + 1});
}

TEST_CASE("rules find callers that keep no frame pointer") {
    Stack stack = whole_stack();
    std::array<UnwindRule, 16> rules{};
    // The caller used 3 words and left the frame pointer alone; its caller saved it below the return address.
    rules[1] = rule(4 * 8);
    stack.words[5] = kCode + 4;
    rules[4] = rule(2 * 8, -16);
    stack.words[6] = stack.at(20);
    stack.words[7] = kCode + 5;
    CHECK(stack.walk(stack.end(), 32, kNobody, rules.data()) ==
          Addresses{kCode + 1, kCode + 4, kCode + 5, kCode + 3});
}

TEST_CASE("a rule that leads off the stack ends the walk") {
    Stack stack = whole_stack();
    std::array<UnwindRule, 16> rules{};
    SUBCASE("beyond the end") { rules[1] = rule(64 * 8); }
    SUBCASE("far beyond") { rules[1] = rule(UnwindRule::kMost); }
    SUBCASE("no way up") { rules[1] = rule(0); }
    SUBCASE("what it saved lies below") { rules[1] = rule(2 * 8, -64); }
    SUBCASE("by a frame pointer of nothing") {
        rules[1] = UnwindRule(true, 16, 0);
        stack.words[0] = 16;
    }
    CHECK(stack.walk(stack.end(), 32, kNobody, rules.data()) == Addresses{kCode + 1});
}

TEST_CASE("random stacks never lead a walk astray") {
    std::mt19937_64 random(11);
    Stack stack;
    std::array<UnwindRule, 16> rules{};
    std::size_t seen = 0;
    for (int round = 0; round < 20'000; ++round) {
        for (std::uintptr_t& word : stack.words) {
            const std::uint64_t kind = random() % 4;
            word = kind == 0   ? kCode + random() % rules.size()
                   : kind == 1 ? stack.at(random() % 70)
                   : kind == 2 ? random()
                               : 0;
        }
        for (UnwindRule& made : rules) {
            const auto size = static_cast<std::int64_t>(random() % 40) * 8;
            const auto saved = -static_cast<std::int64_t>(random() % 20) * 8;
            made = random() % 2 == 0 ? UnwindRule(random() % 2 == 0, size, saved) : UnwindRule();
        }
        // Addresses that no rule of the list is for.
        const producer::RuleSource source{[](void* all, std::uint64_t address) noexcept {
                                              return address - kCode < 16 ? rule_at(all, address)
                                                                          : UnwindRule{};
                                          },
                                          rules.data()};
        std::uint64_t out[32];
        seen += producer::walk_frames(stack.at(0), stack.end(), kNobody, source, out, 32);
    }
    CHECK(seen > 20'000 / 8);
}

TEST_CASE("the end of a thread's own stack is known, of a hand-made one not") {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    const std::uintptr_t end = producer::stack_end(here, true);
    CHECK(end > here);
    CHECK(producer::stack_end(here, false) == end);
    const auto heap = std::make_unique<char[]>(64);
    CHECK(producer::stack_end(reinterpret_cast<std::uintptr_t>(heap.get()), true) == 0);
    std::thread([end] {
        const auto there = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
        CHECK(producer::stack_end(there, false) == 0);
        const std::uintptr_t own = producer::stack_end(there, true);
        CHECK(own > there);
        CHECK(own != end);
    }).join();
}

TEST_CASE("lines of the mappings are read as the kernel writes them") {
    shm::Mapping mapping;
    const auto parse = [&](const std::string& line) {
        return shm::parse_mapping(line.data(), line.size(), mapping);
    };
    CHECK(parse(
        "55d0c0a01000-55d0c0a05000 r-xp 00001000 fe:10 1234  \t                 /usr/bin/a b"));
    CHECK(mapping.begin == 0x55d0c0a01000);
    CHECK(mapping.end == 0x55d0c0a05000);
    CHECK(mapping.executable);
    CHECK(mapping.file_offset == 0x1000);
    CHECK(mapping.device_major == 0xfe);
    CHECK(mapping.device_minor == 0x10);
    CHECK(mapping.inode == 1234);
    CHECK(parse("7f0000000000-7f0000001000 rw-p 00000000 00:00 0"));
    CHECK_FALSE(mapping.executable);
    CHECK(mapping.path[0] == '\0');
    CHECK(mapping.path_fits);
    CHECK(parse("7f0000000000-7f0000001000 rw-p 00000000 00:00 0  [stack]"));
    CHECK(std::string(mapping.path) == "[stack]");
    CHECK(parse("1000-2000 r-xp 00000000 00:01 5 /" + std::string(500, 'x')));
    CHECK_FALSE(mapping.path_fits);
    for (const char* wrong : {"", "no line", "12-", "12-34", "12-34 r-x", "12-34 r-xp",
                              "12-34 r-xp 5", "12-34 r-xp 0 1", "g-34 r-xp 0 1:2 3 /x"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse(wrong));
    }
}

TEST_CASE("this program's own mappings are found") {
    shm::MapsReader maps;
    shm::Mapping mapping;
    const auto here = reinterpret_cast<std::uint64_t>(&kNobody);
    bool found = false;
    while (maps.next(mapping))
        found |= here >= mapping.begin && here < mapping.end && mapping.path[0] == '/';
    CHECK(found);
}

namespace {

// A ring that is nothing but call sites, all of it present.
struct TableRing {
    explicit TableRing(std::uint32_t frames) {
        size = shm::kBlocksOffset + shm::call_site_bytes(frames);
        ring.base = static_cast<std::byte*>(
            mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        ring.size = size;
        ring.preallocated = true;
        table->begin(ring, shm::kBlocksOffset, frames);
    }
    ~TableRing() { munmap(ring.base, size); }
    std::uint32_t number_of(const Addresses& stack, bool may_grow = true) {
        return table->number_of(ring, stack.data(), static_cast<std::uint32_t>(stack.size()),
                                may_grow, is_new);
    }
    const std::uint64_t* entry(std::uint32_t number) const {
        return table->entries + (number - 1) * shm::stack_entry_words(table->frames);
    }
    std::uint64_t dropped() const { return *table->dropped; }

    shm::RawRing ring;
    std::uint64_t size;
    std::unique_ptr<producer::StackTable> table = std::make_unique<producer::StackTable>();
    bool is_new = false;
};

}  // namespace

TEST_CASE("each stack is kept once and complete") {
    TableRing ring(4);
    const std::uint32_t first = ring.number_of({1, 2, 3});
    CHECK(ring.is_new);
    CHECK(first == 1);
    ring.is_new = false;
    CHECK(ring.number_of({1, 2, 3}) == first);
    CHECK_FALSE(ring.is_new);
    CHECK(ring.number_of({1, 2}) == 2);
    CHECK(ring.number_of({3, 2, 1}) == 3);
    CHECK(ring.number_of({1, 2, 3, 4}) == 4);
    CHECK(ring.entry(4)[0] == 4);
    CHECK(ring.entry(4)[4] == 4);
    CHECK(ring.dropped() == 0);
}

TEST_CASE("a full table drops stacks, counts them, and still finds those that it has") {
    TableRing ring(1);
    std::set<std::uint32_t> numbers;
    for (std::uint64_t i = 1; i <= shm::kStackEntries + 100; ++i)
        numbers.insert(ring.number_of({i}));
    CHECK(numbers.count(0) == 1);
    CHECK(*numbers.rbegin() == shm::kStackEntries);
    CHECK(ring.dropped() == 100);
    CHECK(ring.number_of({1}) == 1);
    CHECK(ring.number_of({shm::kStackEntries + 50}) == 0);
    CHECK(ring.dropped() == 101);
}

TEST_CASE("where no memory may be asked for, a new stack is dropped and an old one found") {
    TableRing ring(1);
    CHECK(ring.number_of({5}, false) == 0);
    CHECK(ring.dropped() == 1);
    CHECK(ring.number_of({5}) == 1);
    CHECK(ring.number_of({5}, false) == 1);
    CHECK(ring.number_of({6}, false) == 2);  // within the memory that is there
}

TEST_CASE("threads that meet the same stacks agree on their numbers") {
    constexpr std::uint64_t kStacks = 500;
    TableRing ring(2);
    std::vector<std::vector<std::uint32_t>> numbers(4);
    std::vector<std::thread> threads;
    for (std::vector<std::uint32_t>& own : numbers)
        threads.emplace_back([&] {
            for (std::uint64_t i = 1; i <= kStacks; ++i) {
                const std::uint64_t stack[2] = {i, ~i};
                bool is_new = false;
                own.push_back(ring.table->number_of(ring.ring, stack, 2, true, is_new));
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    for (std::uint64_t i = 1; i <= kStacks; ++i) {
        const std::uint32_t number = numbers[0][i - 1];
        REQUIRE(number != 0);
        CHECK(ring.entry(number)[0] == 2);
        CHECK(ring.entry(number)[1] == i);
        CHECK(ring.entry(number)[2] == ~i);
        for (const auto& own : numbers)
            CHECK(own[i - 1] == number);
    }
    CHECK(ring.dropped() == 0);
}
