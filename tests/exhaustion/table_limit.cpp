// SPDX-License-Identifier: Apache-2.0
//
// The limit of a live table (limits.live_table): what has no room in it is counted as lost under no_space, told once,
// and taken again as soon as the program frees.
#include "tests/exhaustion/host.hpp"
#include "tests/exhaustion/logged.hpp"
#include "tests/exhaustion/viewer.hpp"

using namespace tidemark::test;

namespace {

constexpr std::uint64_t kEvents = 60'000;  // 1 MiB has room for about 30,000 buffers

}  // namespace

TEST_CASE("a live table at its limit takes no more, counts it, and goes on when there is room") {
    const OwnFolder folder;
    std::ofstream(folder / "limits.json") << R"({"limits": {"live_table": "1M"}})";
    const OwnInstance instance;
    auto collector =
        logged_collector(instance.name(), {"--config", folder / "limits.json"}, folder / "log");
    HostProgram host(instance.tracked());
    CHECK(host.does(kEvents));
    const auto applied = [&] {
        const auto row = process_of(instance.name(), host.pid());
        return row ? row->events : 0;
    };
    REQUIRE(comes_true([&] { return applied() == kEvents + kEvents / 4; }));
    auto row = process_of(instance.name(), host.pid());
    const std::uint64_t lost = row->lost_allocations[TIDEMARK_LOSS_NO_SPACE];
    CHECK(lost > 0);
    CHECK(row->lost_bytes[TIDEMARK_LOSS_NO_SPACE] == 10 * lost);
    CHECK(row->exact == 0);
    CHECK(accounted(instance.name(), host.pid()) == host.sent());
    CHECK(row->gap_consequences == row->unknown_frees);  // frees of what had no room
    CHECK(collector_of(instance.name()).lost_allocations[TIDEMARK_LOSS_NO_SPACE] == lost);
    CHECK(query(instance.name()).at("collector").at("lost").at("no_space").at("count") == lost);
    CHECK(times(folder / "log", "limits.live_table") == 1);

    CHECK(host.tell("forget") == "ok");  // frees all
    REQUIRE(comes_true([&] { return usage_of(instance.name(), row->image)->live == 0; }));
    CHECK(host.tell("pair 100") == "100 100");
    CHECK(host.tell("flush") == "0");
    row = process_of(instance.name(), host.pid());
    CHECK(row->lost_allocations[TIDEMARK_LOSS_NO_SPACE] == lost);

    CHECK(host.ends());
    REQUIRE(comes_true([&] { return collector_of(instance.name()).processes_running == 0; }));
    CHECK(collector_of(instance.name()).lost_allocations[TIDEMARK_LOSS_NO_SPACE] == lost);
    collector->kill();
    collector = std::make_unique<Collector>(instance.name());
    CHECK(collector_of(instance.name()).lost_allocations[TIDEMARK_LOSS_NO_SPACE] == lost);
}
