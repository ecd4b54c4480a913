// SPDX-License-Identifier: Apache-2.0
//
// What each function of the malloc family records, and when.
#include <doctest/doctest.h>
#include <errno.h>

#include <cstdint>
#include <cstring>

#include "stand_in.hpp"
#include "trace_runtime.hpp"
#include "tracked_names.hpp"

using trace::Entry;
using Entries = std::vector<Entry>;

namespace {

struct Fixture {
    Fixture() {
        trace::set_tracking(true);
        trace::taken();
    }
    ~Fixture() {
        stand_in::fails = false;
        stand_in::before = nullptr;
    }
};

bool is_aligned(const void* block, std::size_t alignment) {
    return reinterpret_cast<std::uintptr_t>(block) % alignment == 0;
}

constexpr std::size_t kHuge = ~std::size_t{0};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "an allocation is recorded with the size that was asked for") {
    void* const block = tracked_malloc(100);
    REQUIRE(block != nullptr);
    CHECK(trace::taken() == Entries{trace::allocation(block, 100)});
    tracked_free(block);
    CHECK(trace::taken() == Entries{trace::release(block)});
}

TEST_CASE_FIXTURE(Fixture, "calloc's size is the product, and its memory is zero") {
    auto* const block = static_cast<char*>(tracked_calloc(7, 30));
    REQUIRE(block != nullptr);
    const char zeros[210] = {};
    CHECK(std::memcmp(block, zeros, sizeof zeros) == 0);
    CHECK(trace::taken() == Entries{trace::allocation(block, 210)});
    tracked_free(block);
}

TEST_CASE_FIXTURE(Fixture, "every aligned kind is recorded, and aligned") {
    void* block[5];
    block[0] = tracked_memalign(256, 10);
    block[1] = tracked_aligned_alloc(512, 1024);
    REQUIRE(tracked_posix_memalign(&block[2], 64, 33) == 0);
    block[3] = tracked_valloc(44);
    block[4] = tracked_pvalloc(55);
    CHECK(is_aligned(block[0], 256));
    CHECK(is_aligned(block[1], 512));
    CHECK(is_aligned(block[2], 64));
    CHECK(is_aligned(block[3], 4096));
    CHECK(is_aligned(block[4], 4096));
    CHECK(trace::taken() ==
          Entries{trace::allocation(block[0], 10), trace::allocation(block[1], 1024),
                  trace::allocation(block[2], 33), trace::allocation(block[3], 44),
                  trace::allocation(block[4], 55)});
    for (void* one : block)
        tracked_free(one);
    CHECK(trace::taken().size() == 5);
}

TEST_CASE_FIXTURE(Fixture, "a free is recorded before the memory is really freed") {
    void* const block = tracked_malloc(10);
    trace::taken();
    Entries seen_before_the_real_free;
    stand_in::before = [&](const char*, void*) { seen_before_the_real_free = trace::taken(); };
    tracked_free(block);
    CHECK(seen_before_the_real_free == Entries{trace::release(block)});
    CHECK(trace::taken().empty());
}

TEST_CASE_FIXTURE(Fixture, "free of nothing records nothing") {
    tracked_free(nullptr);
    CHECK(trace::taken().empty());
}

TEST_CASE_FIXTURE(Fixture, "realloc stamps the free before, and records both after") {
    void* const block = tracked_malloc(10);
    trace::taken();
    std::uint64_t when = 0;
    Entries too_early;
    stand_in::before = [&](const char*, void*) {
        when = trace::now();
        too_early = trace::taken();
    };
    void* const moved = tracked_realloc(block, 5000);
    REQUIRE(moved != nullptr);
    CHECK(too_early.empty());
    const Entries entries = trace::taken();
    REQUIRE(entries == Entries{trace::late_release(block), trace::allocation(moved, 5000)});
    CHECK(entries[0].stamp == when);
    CHECK(entries[1].stamp > when);
    tracked_free(moved);
}

TEST_CASE_FIXTURE(Fixture, "realloc of nothing is an allocation, and to nothing a free") {
    void* const block = tracked_realloc(nullptr, 20);
    CHECK(trace::taken() == Entries{trace::allocation(block, 20)});
    errno = EDOM;
    CHECK(tracked_realloc(block, 0) == nullptr);
    CHECK(trace::taken() == Entries{trace::late_release(block)});
    CHECK(errno == EDOM);
}

TEST_CASE_FIXTURE(Fixture, "reallocarray multiplies, and refuses what does not fit") {
    void* const block = tracked_reallocarray(nullptr, 3, 50);
    CHECK(trace::taken() == Entries{trace::allocation(block, 150)});
    errno = 0;
    CHECK(tracked_reallocarray(block, kHuge / 2, 3) == nullptr);
    CHECK(errno == ENOMEM);
    CHECK(trace::taken().empty());
    void* const moved = tracked_reallocarray(block, 30, 50);
    CHECK(trace::taken() == Entries{trace::late_release(block), trace::allocation(moved, 1500)});
    tracked_free(moved);
}

TEST_CASE_FIXTURE(Fixture, "what fails records nothing, and its errno stays") {
    void* const block = tracked_malloc(10);
    trace::taken();
    stand_in::fails = true;
    errno = 0;
    CHECK(tracked_malloc(10) == nullptr);
    CHECK(errno == ENOMEM);
    CHECK(tracked_calloc(kHuge, 2) == nullptr);
    CHECK(tracked_realloc(block, 20) == nullptr);
    CHECK(tracked_realloc(block, 0) == nullptr);
    CHECK(tracked_memalign(64, 20) == nullptr);
    CHECK(tracked_aligned_alloc(64, 64) == nullptr);
    CHECK(tracked_valloc(20) == nullptr);
    CHECK(tracked_pvalloc(20) == nullptr);
    void* untouched = block;
    CHECK(tracked_posix_memalign(&untouched, 64, 20) == ENOMEM);
    CHECK(untouched == block);
    CHECK(trace::taken().empty());
    stand_in::fails = false;
    tracked_free(block);
    CHECK(trace::taken() == Entries{trace::release(block)});
}

TEST_CASE_FIXTURE(Fixture, "what succeeds leaves errno as it was") {
    errno = EDOM;
    void* block = tracked_malloc(10);
    block = tracked_realloc(block, 100);
    tracked_free(block);
    CHECK(errno == EDOM);
}

TEST_CASE_FIXTURE(Fixture, "a program that is not tracked records nothing, and works") {
    trace::set_tracking(false);
    void* block = tracked_malloc(10);
    block = tracked_realloc(block, 100);
    tracked_free(block);
    tracked_free(tracked_calloc(2, 2));
    REQUIRE(tracked_posix_memalign(&block, 64, 20) == 0);
    tracked_free(tracked_reallocarray(block, 10, 10));
    CHECK(trace::taken().empty());
}
