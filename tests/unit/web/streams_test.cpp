// SPDX-License-Identifier: Apache-2.0
#include "viewers/web/streams.hpp"

#include <thread>

#include "unit/web/web_world.hpp"
#include "viewers/model/names.hpp"
#include "viewers/web/limits.hpp"

namespace tidemark::test {
namespace {

using namespace std::chrono_literals;

class Sink final : public web::StreamSink {
public:
    bool busy() const override { return is_busy; }
    void send(std::shared_ptr<const std::string> event) override {
        events.push_back(std::move(event));
    }

    bool is_busy = false;
    std::vector<std::shared_ptr<const std::string>> events;
};

TEST_CASE("viewers of a system at rest get one event, and comments, and cause no reading") {
    WebWorld world("rest");
    web::Streams streams(*world.publication);
    std::vector<Sink> sinks(100);
    for (Sink& sink : sinks) {
        streams.add(sink, {100ms, ""});
    }
    const auto start = web::Clock::now();
    streams.tick(start);
    const std::uint64_t readings = world.publication->readings();
    for (int i = 1; i <= 300; ++i) {
        streams.tick(start + i * 100ms);
    }
    CHECK(world.publication->readings() == readings);
    CHECK(world.publication->texts() == 1);
    for (Sink& sink : sinks) {
        REQUIRE(sink.events.size() == 3);
        CHECK(sink.events[0] == sinks[0].events[0]);  // the same text, not one like it
        CHECK(*sink.events[1] == ":\n\n");
        streams.remove(sink);
    }
    CHECK(streams.empty());
}

TEST_CASE("what a collector writes about itself alone is no news") {
    WebWorld world("itself");
    world.publication->now();
    const std::string before = world.publication->id();
    world.collector.header().pass_begun = world.collector.header().pass_ended = 77;
    CHECK(world.publication->id() == before);
    world.publish(78);
    CHECK(world.publication->id() != before);
}

TEST_CASE("a viewer gets news as often as it asked, and misses moments rather than wait") {
    WebWorld world("often");
    web::Streams streams(*world.publication);
    Sink quick, seldom, slow;
    streams.add(quick, {100ms, ""});
    streams.add(seldom, {1000ms, ""});
    streams.add(slow, {100ms, ""});
    slow.is_busy = true;
    const auto start = web::Clock::now();
    for (int i = 0; i < 10; ++i) {
        world.publish(100 + static_cast<std::uint64_t>(i) % 4);
        // The reading that all share must not be of the moment before.
        std::this_thread::sleep_for(web::kSharedFor);
        streams.tick(start + i * 100ms);
    }
    CHECK(quick.events.size() >= 4);
    CHECK(seldom.events.size() == 1);
    CHECK(slow.events.empty());
    slow.is_busy = false;
    streams.tick(start + 1100ms);
    REQUIRE(slow.events.size() == 1);
    CHECK(slow.events[0] == quick.events.back());
    for (Sink* sink : {&quick, &seldom, &slow}) {
        streams.remove(*sink);
    }
}

TEST_CASE("a viewer that has the moment already gets nothing until the next one") {
    WebWorld world("again");
    web::Streams streams(*world.publication);
    Sink sink;
    streams.add(sink, {100ms, world.publication->id()});
    streams.tick(web::Clock::now());
    for (const auto& event : sink.events) {
        CHECK(*event == ":\n\n");
    }
    streams.remove(sink);
}

// The data of an event, and its name.
std::pair<std::string, Json> parsed(const std::string& event) {
    const std::size_t name = event.find("event: ") + 7;
    const std::size_t data = event.find("data: ") + 6;
    return {event.substr(name, event.find('\n', name) - name), Json::parse(event.substr(data))};
}

// What was shared last is too old for the next look.
void let_the_reading_grow_old() { std::this_thread::sleep_for(web::kSharedFor); }

TEST_CASE(
    "a viewer that wants changes gets a whole snapshot, and then the processes that changed") {
    WebWorld world("changes");
    web::Streams streams(*world.publication);
    Sink sink, same, whole;
    streams.add(sink, {100ms, "", true});
    streams.add(same, {100ms, "", true});
    streams.add(whole, {100ms, "", false});
    const auto start = web::Clock::now();
    streams.tick(start);
    REQUIRE(sink.events.size() == 1);
    CHECK(sink.events[0] == whole.events[0]);  // one text
    CHECK(parsed(*sink.events[0]).first == "snapshot");
    let_the_reading_grow_old();
    world.publish_process(200, 0, kTrainer, "trainer-2");
    streams.tick(start + 1s);
    REQUIRE(sink.events.size() == 2);
    CHECK(sink.events[1] == same.events[1]);
    const auto [name, changes] = parsed(*sink.events[1]);
    CHECK(name == "changes");
    REQUIRE(changes["processes"].size() == 1);
    CHECK(changes["processes"][0]["name"] == "trainer-2");
    CHECK(changes["removed"].empty());
    const auto [other_name, snapshot] = parsed(*whole.events[1]);
    CHECK(other_name == "snapshot");
    CHECK(snapshot["processes"].size() == 3);
    CHECK(snapshot["devices"] == changes["devices"]);
    for (Sink* each : {&sink, &same, &whole})
        streams.remove(*each);
}

TEST_CASE("a viewer that comes back gets what changed meanwhile, or all if that is not known") {
    WebWorld world("back");
    web::Streams streams(*world.publication);
    const std::string id = world.publication->refresh();
    let_the_reading_grow_old();
    world.publish_process(200, 0, kTrainer, "trainer-2");
    Sink known, unknown;
    streams.add(known, {100ms, id, true});
    streams.add(unknown, {100ms, "0123456789abcdef-7-running", true});
    streams.tick(web::Clock::now());
    REQUIRE((known.events.size() == 1 && unknown.events.size() == 1));
    CHECK(parsed(*known.events[0]).first == "changes");
    CHECK(parsed(*unknown.events[0]).first == "snapshot");
    for (Sink* each : {&known, &unknown})
        streams.remove(*each);
}

TEST_CASE("a process whose row is free is told as removed") {
    WebWorld world("removed");
    web::Streams streams(*world.publication);
    Sink sink;
    streams.add(sink, {100ms, "", true});
    const auto start = web::Clock::now();
    streams.tick(start);
    let_the_reading_grow_old();
    world.free_process(300, 0);
    streams.tick(start + 1s);
    REQUIRE(sink.events.size() == 2);
    const auto [name, changes] = parsed(*sink.events[1]);
    CHECK(name == "changes");
    CHECK(changes["removed"] == Json::array({model::image_word(kTrainer)}));
    CHECK(changes["processes"].empty());
    streams.remove(sink);
}

TEST_CASE("another server's id is never taken for one's own") {
    WebWorld world("servers");
    model::SourceOptions options;
    options.instance = world.collector.instance();
    web::Publication other(options);
    const std::string id = world.publication->refresh();
    CHECK(other.refresh() != id);
    std::string text;
    CHECK_FALSE(other.write_since(id, text));
    CHECK(text.empty());
}

}  // namespace
}  // namespace tidemark::test
