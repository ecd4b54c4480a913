// SPDX-License-Identifier: Apache-2.0
//
// An allocator apart from libc may be built on the very functions that the tracker replaces: one call of the program
// is one record.
#include <doctest/doctest.h>

#include <utility>

#include "producer/malloc/next.hpp"
#include "stand_in.hpp"
#include "trace_runtime.hpp"
#include "tracked_names.hpp"

using Entries = std::vector<trace::Entry>;

namespace {

struct Foreign {
    Foreign() {
        trace::set_tracking(true);
        stand_in::is_foreign = true;
        stand_in::forget();
        tracked_free(tracked_malloc(1));
        trace::taken();
    }
    ~Foreign() {
        stand_in::before = nullptr;
        stand_in::is_foreign = false;
        stand_in::forget();
    }
};

// Runs `inner` once, inside the next allocator's next call.
template <class Inner>
void inside_the_next_call(Inner inner) {
    stand_in::before = [inner](const char*, void*) {
        const auto inner_only = std::exchange(stand_in::before, nullptr);
        inner();
    };
}

}  // namespace

TEST_CASE_FIXTURE(Foreign, "a call that the allocator makes for itself is not recorded") {
    void* hidden = nullptr;
    inside_the_next_call([&] { hidden = tracked_malloc(500); });
    void* const block = tracked_valloc(100);
    CHECK(trace::taken() == Entries{trace::allocation(block, 100)});

    inside_the_next_call([&] { hidden = tracked_realloc(hidden, 600); });
    void* const moved = tracked_realloc(block, 200);
    CHECK(trace::taken() == Entries{trace::late_release(block), trace::allocation(moved, 200)});

    inside_the_next_call([&] { tracked_free(hidden); });
    tracked_free(moved);
    CHECK(trace::taken() == Entries{trace::release(moved)});
}

TEST_CASE_FIXTURE(Foreign, "a call from elsewhere, as of a signal handler, is recorded") {
    tidemark::tracker::foreign.size = 1;  // now no caller lies within
    void* of_handler = nullptr;
    inside_the_next_call([&] { of_handler = tracked_malloc(500); });
    void* const block = tracked_malloc(100);
    CHECK(trace::taken() ==
          Entries{trace::allocation(of_handler, 500), trace::allocation(block, 100)});
    tracked_free(of_handler);
    tracked_free(block);
}

TEST_CASE_FIXTURE(Foreign, "between its calls an allocator's library is a program like any other") {
    void* const block = tracked_malloc(100);
    tracked_free(block);
    CHECK(trace::taken() == Entries{trace::allocation(block, 100), trace::release(block)});
}
