// SPDX-License-Identifier: Apache-2.0
//
// The first call of all: finding the next functions, while the loader itself may allocate.
#include <doctest/doctest.h>
#include <errno.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "producer/malloc/next.hpp"
#include "stand_in.hpp"
#include "trace_runtime.hpp"
#include "tracked_names.hpp"

using Entries = std::vector<trace::Entry>;

namespace {

struct FirstCall {
    FirstCall() {
        trace::set_tracking(true);
        trace::taken();
        stand_in::forget();
    }
    ~FirstCall() {
        stand_in::during_look_up = nullptr;
        stand_in::missing = nullptr;
        stand_in::forget();
    }
};

}  // namespace

TEST_CASE_FIXTURE(FirstCall, "any function may come first") {
    void* block = tracked_calloc(1, 10);
    stand_in::forget();
    block = tracked_realloc(block, 20);
    stand_in::forget();
    tracked_free(block);
    stand_in::forget();
    REQUIRE(tracked_posix_memalign(&block, 64, 20) == 0);
    stand_in::forget();
    block = tracked_reallocarray(block, 2, 2);
    tracked_free(block);
    for (auto* allocate : {tracked_malloc, tracked_valloc, tracked_pvalloc}) {
        stand_in::forget();
        tracked_free(allocate(10));
    }
    for (auto* allocate : {tracked_memalign, tracked_aligned_alloc}) {
        stand_in::forget();
        tracked_free(allocate(64, 64));
    }
    CHECK(trace::taken().size() == 18);
}

TEST_CASE_FIXTURE(FirstCall, "what the loader allocates meanwhile is served, and not recorded") {
    std::vector<void*> blocks;
    stand_in::during_look_up = [&](const char* name) {
        if (std::strcmp(name, "malloc") != 0) return;
        blocks = {tracked_malloc(40),        tracked_calloc(3, 7),
                  tracked_memalign(256, 20), tracked_aligned_alloc(64, 64),
                  tracked_valloc(10),        tracked_pvalloc(10)};
        void* more = nullptr;
        CHECK(tracked_posix_memalign(&more, 128, 20) == 0);
        blocks.push_back(more);
        std::memset(blocks[0], 'x', 40);
        blocks[0] = tracked_realloc(blocks[0], 80);
        CHECK(static_cast<char*>(blocks[0])[39] == 'x');
    };
    void* const first = tracked_malloc(100);
    stand_in::during_look_up = nullptr;
    CHECK(trace::taken() == Entries{trace::allocation(first, 100)});
    CHECK(reinterpret_cast<std::uintptr_t>(blocks[2]) % 256 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(blocks[4]) % 4096 == 0);

    SUBCASE("and may be freed at any time") {
        for (void* block : blocks)
            tracked_free(block);
        CHECK(trace::taken().empty());
    }
    SUBCASE("and moves to the real allocator when it grows") {
        void* const moved = tracked_realloc(blocks[0], 1000);
        CHECK(static_cast<char*>(moved)[39] == 'x');
        CHECK(trace::taken() == Entries{trace::allocation(moved, 1000)});
        tracked_free(moved);
        CHECK(trace::taken() == Entries{trace::release(moved)});
    }
    SUBCASE("also in a program that is not tracked") {
        trace::set_tracking(false);
        for (void* block : blocks)
            tracked_free(block);
    }
    tracked_free(first);
}

TEST_CASE_FIXTURE(FirstCall, "errno is as before the search") {
    stand_in::during_look_up = [](const char*) { errno = ENOENT; };
    errno = EDOM;
    tracked_free(tracked_malloc(1));
    CHECK(errno == EDOM);
}

TEST_CASE_FIXTURE(FirstCall, "a function that nobody defines fails, and says no memory") {
    stand_in::missing = "pvalloc";
    // What an earlier test found is not forgotten by the slots' own reset.
    tidemark::tracker::found.pvalloc_ = nullptr;
    errno = 0;
    CHECK(tracked_pvalloc(10) == nullptr);
    CHECK(errno == ENOMEM);
    CHECK(trace::taken().empty());
}

TEST_CASE("the arena gives zeroed, aligned blocks until it is spent") {
    static tidemark::tracker::BootstrapArena arena;
    std::size_t blocks = 0;
    for (void* block; (block = arena.allocate(1000, 64)) != nullptr; ++blocks) {
        REQUIRE(arena.owns(block));
        REQUIRE(reinterpret_cast<std::uintptr_t>(block) % 64 == 0);
        REQUIRE(arena.size_of(block) == 1000);
        REQUIRE(static_cast<char*>(block)[999] == 0);
        std::memset(block, 0xAA, 1000);
    }
    CHECK(blocks >= arena.kCapacity / 1200);
    CHECK(arena.allocate(~std::size_t{0}) == nullptr);
    CHECK(arena.allocate(arena.kCapacity) == nullptr);
    CHECK_FALSE(arena.owns(nullptr));
    CHECK_FALSE(arena.owns(&arena + 1));
}
