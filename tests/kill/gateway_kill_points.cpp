// SPDX-License-Identifier: Apache-2.0
//
// Promise 4 for the older socket: a collector that dies while it writes down what a socket client tells leaves nothing
// behind that harms its successor, which serves clients again.
#include <doctest/doctest.h>

#include "shm/kill_point.hpp"
#include "tests/kill/subject_world.hpp"
#include "tests/kill/successors.hpp"
#include "tests/private_shared_memory.hpp"
#include "tests/process/gateway_world.hpp"

using namespace tidemark::test;

namespace {

// Those of making and writing a ring are passed by the collector here.
constexpr const char* kPoints[] = {"claim.used",  "proxy.loss",  "create.object",
                                   "create.lock", "create.size", "append.record",
                                   "append.head", "link.record", "link.head"};

std::optional<tidemark_process_row> client_row(const std::string& instance, pid_t pid) {
    const auto reader = tidemark::StatsReader::open(instance);
    if (!reader) return std::nullopt;
    return row_where<tidemark_process_row>(*reader, [pid](const auto& r) { return r.pid == pid; });
}

// Allocations, one that names no device, and as many as need a larger block.
void tell_everything(const OlderClient& client) {
    client.tell("alloc 0 0 1 100");
    client.tell("alloc -1 0 2 100");
    client.tell("many 0 50000");
}

void die_at(const std::string& point, Kills& kills) {
    INFO(point);
    const OwnInstance instance;
    const OwnFolder folder;
    const std::string path = folder / "older.sock";
    Successors collectors(instance.name(), {{point, 1}}, kills, {"--legacy-socket=" + path});
    REQUIRE(collectors.now().is_ready());
    {
        const OlderClient client(path);
        tell_everything(client);
        REQUIRE(comes_true([&] {
            collectors.replace_the_dead();
            return collectors.died() == 1;
        }));
        REQUIRE(collectors.now().is_ready());
    }
    // What the dead one had not made known is gone with it; what stays is in order, and ends.
    REQUIRE(comes_true([&] { return instance.rings().empty(); }));
    const OlderClient client(path);
    CHECK(client.tell("alloc 3 0 9 4096") == "ok");
    REQUIRE(comes_true([&] {
        const auto row = client_row(instance.name(), client.pid());
        return row && row->state == TIDEMARK_PROCESS_RUNNING && row->events == 1;
    }));
    const auto collector = read_stats(instance.name()).read<tidemark_collector_row>(0);
    REQUIRE(collector);
    CHECK(collector->audit_differences == 0);
    CHECK(collector->rings_quarantined == 0);
}

}  // namespace

TEST_CASE("a collector killed before any store for a socket client leaves nothing in the way" *
          doctest::skip(!tidemark::shm::kKillPointsBuilt)) {
    REQUIRE(has_private_shared_memory());
    Kills kills;
    for (const char* point : kPoints)
        die_at(point, kills);
    MESSAGE("kills:\n", listed(kills));
}
