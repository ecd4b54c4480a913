// SPDX-License-Identifier: Apache-2.0
//
// A real reader beside a real load: each snapshot that `tidemark query --json` prints is valid JSON and agrees with
// itself.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/process/ledger_world.hpp"

using namespace tidemark::test;
using Json = nlohmann::json;

namespace {

std::string output_of(const Words& words) {
    int status = -1;
    std::string text = tidemark::test::output_of(words, status);
    CHECK(status == 0);
    return text;
}

std::uint64_t figure(const Json& pool, const char* name) { return pool.at(name); }

// What a row says of itself; empty if it can be.
std::string contradictions(const Json& pool, bool of_a_device) {
    Comparison c(pool.at("pool").get<std::string>() + ": ");
    const std::uint64_t gone = figure(pool, "total_freed") + figure(pool, "superseded") +
                               (of_a_device ? figure(pool, "freed_by_exit") : 0);
    c.same("total_allocated less what went", figure(pool, "total_allocated") - gone,
           figure(pool, "allocated"));
    c.same("live", figure(pool, "live"), figure(pool, "allocations") - figure(pool, "frees"));
    if (figure(pool, "allocated") > figure(pool, "peak")) c.wrong("current above its peak");
    if (!pool.at("exact")) c.wrong("not exact");
    return c.text();
}

std::string contradictions(const Json& snapshot) {
    std::string text;
    for (const Json& device : snapshot.at("devices"))
        for (const Json& pool : device.at("pools"))
            if (device.at("device") != kChildDevice) text += contradictions(pool, true);
    for (const Json& process : snapshot.at("processes"))
        for (const Json& pool : process.at("usage"))
            text += contradictions(pool, false);
    for (const auto& [cause, lost] : snapshot.at("collector").at("lost").items())
        if (lost.at("count") != 0) text += "lost by " + cause + "\n";
    return text;
}

}  // namespace

TEST_CASE("every snapshot of a busy collector is valid and agrees with itself") {
    const OwnInstance instance;
    const Collector collector(instance.name());
    Generator generator(instance, 3, 2000, 0, 20);
    generator.run();
    std::uint64_t events = 0, snapshots_that_moved = 0;
    for (int i = 0; i < 40; ++i) {
        const std::string text =
            output_of({built("tidemark"), "query", "--json", "--instance", instance.name()});
        const Json snapshot = Json::parse(text, nullptr, false);
        REQUIRE_FALSE(snapshot.is_discarded());
        CHECK(contradictions(snapshot) == "");
        const std::uint64_t now = snapshot.at("collector").at("events");
        CHECK(now >= events);
        snapshots_that_moved += now > events;
        events = now;
    }
    CHECK(snapshots_that_moved > 1);
    REQUIRE(generator.pause());
    REQUIRE(settled(instance.name(), *generator.page) == "");
}
