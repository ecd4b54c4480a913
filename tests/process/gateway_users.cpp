// SPDX-License-Identifier: Apache-2.0
//
// Several users at one older socket: none of them can take what the others need.
#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>

#include "tests/privilege.hpp"
#include "tests/process/gateway_world.hpp"

using namespace tidemark::test;

namespace {

constexpr uid_t kStranger = 65534;
constexpr std::size_t kQuarter = 2048;  // of 8192

using Connections = std::vector<std::unique_ptr<OlderConnection>>;

bool is_open(const OlderConnection& connection) {
    pollfd state{connection.descriptor(), POLLIN, 0};
    return poll(&state, 1, 0) == 0;  // a closed one reads its end
}

Connections as_stranger(std::size_t count, const std::string& path) {
    Connections made;
    REQUIRE(seteuid(kStranger) == 0);
    for (std::size_t i = 0; i < count; ++i)
        made.push_back(std::make_unique<OlderConnection>(path));
    REQUIRE(seteuid(0) == 0);
    return made;
}

long open_ones(const Connections& connections) {
    return std::count_if(connections.begin(), connections.end(),
                         [](const auto& one) { return is_open(*one); });
}

}  // namespace

TEST_CASE("one user gets a quarter of the Tracy socket's connections too") {
    require_root();
    const OwnFolder folder;
    std::filesystem::permissions(folder / "", std::filesystem::perms::all);
    const std::string path = folder / "tracy.sock";
    const GatewayWorld world({"--tracy-socket=" + path});
    const Connections greedy = as_stranger(70, path);
    CHECK(comes_true([&] { return open_ones(greedy) == 64; }));
    const OlderConnection other(path);
    older::Bytes question(76, 0);
    question[0] = 1;
    REQUIRE(other.send(question));
    CHECK(other.receive().size() == 76);
}

TEST_CASE("one user gets a quarter of the connections, the others are served on") {
    require_root();
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    require_or_skip(limit.rlim_max > 2 * kQuarter + 100, "more open files (ulimit -n)");
    const GatewayWorld world;
    std::filesystem::permissions(world.folder / "", std::filesystem::perms::all);
    Connections greedy = as_stranger(kQuarter + 50, world.path);
    CHECK(comes_true([&] { return open_ones(greedy) == static_cast<long>(kQuarter); }));
    const OlderConnection other(world.path);
    REQUIRE(other.send(older::frame(112, older::kAllocation, 0, 10, 0, getpid(), 1, 1)));
    CHECK(comes_true([&] { return ask(world.path, 0).dram == 10; }));
    // Who leaves makes room for one more of the same user.
    greedy.erase(greedy.begin(), greedy.begin() + 10);
    CHECK(comes_true([&] {
        const Connections again = as_stranger(1, world.path);
        again[0]->send(older::frame(112, older::kQuery, 0, 0, 0, 0, 0));
        return !again[0]->receive().empty();
    }));
}
