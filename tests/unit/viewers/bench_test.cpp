// SPDX-License-Identifier: Apache-2.0
//
// The buffers of `tidemark bench`: ten thousand stay live, what was allocated is seldom freed at once.
#include <doctest/doctest.h>

#include <set>

#include "viewers/cli/bench_buffers.hpp"

using namespace tidemark::cli;

TEST_CASE("10,000 buffers stay live, those at random places take turns") {
    std::set<std::uint64_t> live;
    for (std::size_t place = 0; place < BenchBuffers::kLive; ++place)
        live.insert(BenchBuffers::first_id(place));
    REQUIRE(live.size() == BenchBuffers::kLive);
    BenchBuffers buffers;
    std::set<std::uint64_t> freed;
    int at_once = 0;
    std::uint64_t last = 0;
    for (int batch = 0; batch < 1000; ++batch)
        for (const auto& pair : buffers.next<32>()) {
            REQUIRE(live.erase(pair.freed) == 1);
            REQUIRE(live.insert(pair.allocated).second);
            freed.insert(pair.freed);
            at_once += pair.freed == last;
            last = pair.allocated;
        }
    CHECK(live.size() == BenchBuffers::kLive);
    CHECK(freed.size() > BenchBuffers::kLive);
    CHECK(at_once < 100);
}
