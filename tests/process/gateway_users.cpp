// SPDX-License-Identifier: Apache-2.0
//
// Several users at one older socket: none of them can take what the others need.
#include <fcntl.h>
#include <sys/resource.h>

#include "tests/privilege.hpp"
#include "tests/process/gateway_world.hpp"

using namespace tidemark::test;

namespace {

constexpr uid_t kStranger = 65534;
constexpr std::size_t kQuarter = 2048;  // of 8192

bool is_open(const OlderConnection& connection) {
    pollfd state{connection.descriptor(), POLLIN, 0};
    return poll(&state, 1, 0) == 0;  // a closed one reads its end
}

}  // namespace

TEST_CASE("one user gets a quarter of the connections, the others are served on") {
    require_root();
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    require_or_skip(limit.rlim_max > 2 * kQuarter + 100, "more open files (ulimit -n)");
    const GatewayWorld world;
    std::filesystem::permissions(world.folder / "", std::filesystem::perms::all);
    std::vector<std::unique_ptr<OlderConnection>> greedy;
    REQUIRE(seteuid(kStranger) == 0);
    for (std::size_t i = 0; i < kQuarter + 50; ++i)
        greedy.push_back(std::make_unique<OlderConnection>(world.path));
    REQUIRE(seteuid(0) == 0);
    const auto open_ones = [&] {
        return std::count_if(greedy.begin(), greedy.end(),
                             [](const auto& one) { return is_open(*one); });
    };
    CHECK(comes_true([&] { return open_ones() == static_cast<long>(kQuarter); }));
    const OlderConnection other(world.path);
    REQUIRE(other.send(older::frame(112, older::kAllocation, 0, 10, 0, getpid(), 1, 1)));
    CHECK(comes_true([&] { return ask(world.path, 0).dram == 10; }));
    // Who leaves makes room for one more of the same user.
    greedy.erase(greedy.begin(), greedy.begin() + 10);
    CHECK(comes_true([&] {
        if (seteuid(kStranger) != 0) return false;
        auto again = std::make_unique<OlderConnection>(world.path);
        if (seteuid(0) != 0) return false;
        again->send(older::frame(112, older::kQuery, 0, 0, 0, 0, 0));
        return !again->receive().empty();
    }));
}
