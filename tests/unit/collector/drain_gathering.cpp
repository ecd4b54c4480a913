// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "collector/drain/gathering.hpp"

namespace tidemark::collector {
namespace {

// As many small passes as it takes until what one costs is known.
void learn(Gathering& gathering, std::uint64_t cost_ns, std::uint64_t& processor_ns) {
    for (int i = 0; i < 200; ++i)
        gathering.small_pass(processor_ns += cost_ns);
}

TEST_CASE("a rest is so long that waking costs half a percent of a processor, within bounds") {
    Gathering gathering;
    std::uint64_t processor_ns = 0;
    CHECK(gathering.rest_ns() == Gathering::kShortestRest_ns);
    learn(gathering, 5'000, processor_ns);
    CHECK(gathering.rest_ns() == doctest::Approx(1'000'000).epsilon(0.02));
    learn(gathering, 100, processor_ns);
    CHECK(gathering.rest_ns() == Gathering::kShortestRest_ns);
    learn(gathering, 10'000'000, processor_ns);  // there was much to do in between
    CHECK(gathering.rest_ns() <= Gathering::kLongestRest_ns);
    CHECK(gathering.rest_ns() == doctest::Approx(Gathering::kLongestRest_ns).epsilon(0.02));
}

TEST_CASE("it gathers while bells come sooner than rests would end, and until a rest was in vain") {
    Gathering gathering;
    std::uint64_t processor_ns = 0;
    learn(gathering, 5'000, processor_ns);
    CHECK_FALSE(gathering.wants_rest());
    gathering.woken_after(3'000'000);
    CHECK_FALSE(gathering.wants_rest());
    gathering.woken_after(10'000);
    CHECK(gathering.wants_rest());
    gathering.small_pass(processor_ns += 5'000);
    CHECK(gathering.wants_rest());
    gathering.rests();
    gathering.nothing_came();
    CHECK_FALSE(gathering.wants_rest());
}

TEST_CASE("a rest behind which a large turn took what came was not in vain") {
    Gathering gathering;
    gathering.woken_after(10'000);
    gathering.rests();
    gathering.took_something();
    gathering.nothing_came();  // by the turn that followed at once
    CHECK(gathering.wants_rest());
    gathering.rests();
    gathering.nothing_came();
    CHECK_FALSE(gathering.wants_rest());
}

}  // namespace
}  // namespace tidemark::collector
