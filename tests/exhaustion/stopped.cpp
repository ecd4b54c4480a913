// SPDX-License-Identifier: Apache-2.0
//
// A ring that is full while its collector is stopped. Under `drop` nobody waits; under `block` each thread waits at most
// its budget and goes on. Both count what the ring can't hold, and nothing more once the collector goes on.
#include "tests/exhaustion/host.hpp"
#include "tests/exhaustion/viewer.hpp"

using namespace tidemark::test;

namespace {

constexpr std::uint64_t kEvents = 150'000;  // more than a ring of 1 MiB can hold

void fill_while_stopped(const char* policy, unsigned threads) {
    INFO(policy << ", " << threads << " threads");
    const OwnInstance instance;
    Collector collector(instance.name());
    HostProgram host(
        instance.tracked({{"TIDEMARK_POLICY", policy}, {"TIDEMARK_RING_BUDGET", "1M"}}));
    REQUIRE(host.does(10));
    REQUIRE(comes_true([&] { return accounted(instance.name(), host.pid()) == host.sent(); }));
    collector.signal(SIGSTOP);
    CHECK(host.does(kEvents, threads));
    const Sum full = host.lost(TIDEMARK_LOSS_FULL);
    // Silent for two seconds it is taken for dead, and then there is nobody to wait for.
    const Sum alone = host.lost(TIDEMARK_LOSS_NO_COLLECTOR);
    CHECK(full.allocations > 0);
    CHECK(full.allocations + alone.allocations > kEvents * threads / 2);
    collector.signal(SIGCONT);
    CHECK(comes_true([&] { return accounted(instance.name(), host.pid()) == host.sent(); }));
    const auto row = process_of(instance.name(), host.pid());
    REQUIRE(row);
    CHECK(row->lost_allocations[TIDEMARK_LOSS_FULL] == full.allocations);
    CHECK(row->lost_frees[TIDEMARK_LOSS_FULL] == full.frees);
    CHECK(row->lost_bytes[TIDEMARK_LOSS_FULL] == full.bytes);
    CHECK(row->lost_allocations[TIDEMARK_LOSS_NO_COLLECTOR] == alone.allocations);
    CHECK(row->exact == 0);
    const nlohmann::json process = process_in(query(instance.name()), host.pid());
    CHECK(process.at("lost").at("full").at("count") == full.allocations + full.frees);
    CHECK(process.at("usage").at(0).at("exact") == false);

    const Sum before = lost_of(*row);
    CHECK(host.does(100));
    CHECK(comes_true([&] { return accounted(instance.name(), host.pid()) == host.sent(); }));
    CHECK(lost_of(*process_of(instance.name(), host.pid())) == before);
    CHECK(host.ends());
}

}  // namespace

TEST_CASE("a full ring of a stopped collector costs counted events, under both policies") {
    for (const unsigned threads : {1u, 4u}) {
        fill_while_stopped("drop", threads);
        fill_while_stopped("block", threads);
    }
}

TEST_CASE("a program that ends while its collector is stopped loses only what was counted") {
    for (const char* policy : {"drop", "block"}) {
        const OwnInstance instance;
        Collector collector(instance.name());
        Sum sent, full;
        {
            HostProgram host(
                instance.tracked({{"TIDEMARK_POLICY", policy}, {"TIDEMARK_RING_BUDGET", "1M"}}));
            REQUIRE(host.does(10));
            REQUIRE(
                comes_true([&] { return accounted(instance.name(), host.pid()) == host.sent(); }));
            collector.signal(SIGSTOP);
            CHECK(host.does(kEvents));
            full = host.lost(TIDEMARK_LOSS_FULL);
            sent = host.sent();
            CHECK(host.ends());
        }
        collector.signal(SIGCONT);
        CHECK(comes_true([&] {
            return collector_of(instance.name()).processes_seen == 1 &&
                   collector_of(instance.name()).processes_running == 0;
        }));
        const auto all = usage_of(instance.name());
        REQUIRE(all);
        CHECK(all->allocations + all->lost_allocations == sent.allocations);
        CHECK(all->total_allocated + all->lost_bytes == sent.bytes);
        CHECK(all->exact == 0);
        CHECK(collector_of(instance.name()).lost_allocations[TIDEMARK_LOSS_FULL] ==
              full.allocations);
    }
}
