// SPDX-License-Identifier: Apache-2.0
//
// vm.max_map_count, the real one: a program that has as many maps as a process may have, or a few less, does what it
// always does, what it sent is counted under no_space, and once it has given some back it is tracked.
#include "tests/exhaustion/host.hpp"
#include "tests/exhaustion/viewer.hpp"
#include "tests/privilege.hpp"

using namespace tidemark::test;

TEST_CASE("a program that has all the maps that a process may have is tracked once it has fewer") {
    for (const int left : {0, 1, 2, 3, 4, 6, 8}) {
        INFO(left << " more maps");
        const OwnInstance instance;
        const Collector collector(instance.name());
        HostProgram host(instance.tracked());
        CHECK(host.tell("lost") != "gone");  // it runs
        const std::string taken = host.tell("maps " + std::to_string(left));
        require_or_skip(taken == "ok", "a vm.max_map_count below 131,072");
        CHECK(host.does_in_pairs(1000));
        const Sum lost = host.lost(TIDEMARK_LOSS_NO_SPACE);
        if (left == 0) CHECK(lost.allocations == 1000);
        CHECK((lost.allocations == 0 || lost.allocations == 1000));
        CHECK(host.tell("clone") == "3");
        CHECK(host.tell("unmap") == "ok");
        CHECK(recovers(instance.name(), host));
        CHECK(host.tell("clone") == "3");
        const auto row = process_of(instance.name(), host.pid());
        REQUIRE(row);
        CHECK(lost_otherwise(*row, TIDEMARK_LOSS_NO_SPACE) == "");
        CHECK(row->lost_allocations[TIDEMARK_LOSS_NO_SPACE] ==
              host.lost(TIDEMARK_LOSS_NO_SPACE).allocations);
        CHECK(row->exact == (lost == Sum{} ? 1 : 0));
        CHECK(host.ends());
    }
}

TEST_CASE("a program that is tracked goes on exactly when it has all the maps that it may have") {
    const OwnInstance instance;
    const Collector collector(instance.name());
    HostProgram host(instance.tracked());
    REQUIRE(host.does(100));
    REQUIRE(recovers(instance.name(), host));
    REQUIRE(host.tell("maps 0") == "ok");
    CHECK(host.does_in_pairs(50'000));  // more than the first block holds
    CHECK(host.tell("clone") == "3");
    CHECK(comes_true([&] { return accounted(instance.name(), host.pid()) == host.sent(); }));
    CHECK(process_of(instance.name(), host.pid())->exact == 1);
    CHECK(host.ends());
}
