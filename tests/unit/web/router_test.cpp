// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/router.hpp"

#include "unit/web/web_world.hpp"

namespace tidemark::test {
namespace {

TEST_CASE("every answer carries the headers that keep a browser to the policy") {
    WebWorld world("headers");
    for (const char* target : {"/", "/api/v1/snapshot", "/none", "/api/v1/processes?x=1"}) {
        std::string names;
        for (const auto& [name, value] : world.ask(target).headers) {
            names += name + ' ';
        }
        for (const char* wanted : {"Content-Security-Policy", "X-Content-Type-Options",
                                   "Cross-Origin-Resource-Policy"}) {
            CHECK_MESSAGE(names.find(wanted) != std::string::npos, target);
        }
    }
}

TEST_CASE("processes are sorted both ways and come in pages that add up") {
    WebWorld world("pages");
    const Json all = world.json("/api/v1/processes?sort=size");
    REQUIRE(all["count"] == 3);
    std::vector<std::string> images;
    for (const Json& process : all["processes"]) {
        images.push_back(process["image"]);
    }
    for (std::size_t i = 0; i < images.size(); ++i) {
        const Json page =
            world.json("/api/v1/processes?sort=size&limit=1&offset=" + std::to_string(i));
        REQUIRE(page["processes"].size() == 1);
        CHECK(page["processes"][0]["image"] == images[i]);
        CHECK(page["next"] == (i + 1 < images.size() ? Json(i + 1) : Json(nullptr)));
        const Json back =
            world.json("/api/v1/processes?sort=size&order=asc&limit=1&offset=" + std::to_string(i));
        CHECK(back["processes"][0]["image"] == images[images.size() - 1 - i]);
    }
    CHECK(world.json("/api/v1/processes?limit=0")["next"] == nullptr);
}

TEST_CASE(
    "the older tools' answer, which cannot say that it is old, is 503 unless the collector runs") {
    for (const char* target : {"/api/devices", "/api/devices/0/stats"}) {
        WebWorld world("older");
        CHECK_MESSAGE(world.ask(target).status == 200, target);
    }
    for (const bool stopped : {false, true}) {
        WebWorld world("oldest");
        world.collector.beat(12000);
        if (stopped) world.collector.header().state = TIDEMARK_COLLECTOR_STOPPED;
        for (const char* target :
             {"/api/devices", "/api/devices/0/stats", "/api/devices/9/stats"}) {
            const web::Response answer = world.ask(target);
            CHECK_MESSAGE(answer.status == 503, target);
            const Json error = Json::parse(answer.body.bytes());
            CHECK(error["error"].get<std::string>().find(stopped ? "stopped" : "stalled") !=
                  std::string::npos);
        }
    }
}

TEST_CASE("whoever asks within a moment shares one reading and one text") {
    WebWorld world("shared");
    for (int i = 0; i < 50; ++i) {
        world.ask("/api/v1/snapshot");
    }
    // As many as the time that the loop took asks for, in most cases one.
    CHECK(world.publication->texts() <= world.publication->readings());
    CHECK(world.publication->readings() < 50);
}

}  // namespace
}  // namespace tidemark::test
