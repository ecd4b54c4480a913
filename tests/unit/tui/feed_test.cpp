// SPDX-License-Identifier: Apache-2.0
//
// Looking at a process's buffers waits for nothing: they are read beside the screen.
#include "viewers/tui/feed.hpp"

#include <poll.h>

#include "unit/tui/tui_world.hpp"
#include "viewers/tui/render.hpp"

using namespace tidemark;

namespace {

// The server of a busy machine, opened; looked at once.
struct Opened {
    explicit Opened(const char* name, const model::Filter& filter = {})
        : collector(name), feed(options(collector, filter)) {
        test::a_busy_machine(collector);
        state.size = {120, 60};
        state.view = tui::View::kDetail;
        state.opened = test::kServer;
        feed.look(world, state);
    }
    static tui::FeedOptions options(const test::FakeCollector& collector,
                                    const model::Filter& filter) {
        tui::FeedOptions options;
        options.filter = filter;
        options.source.instance = options.instance = collector.instance();
        options.sysfs_root = "/nowhere";
        return options;
    }
    void wait() {
        pollfd news{feed.news(), POLLIN, 0};
        REQUIRE(::poll(&news, 1, 60'000) == 1);
    }
    std::string text() const { return tui::render(world, state).text(); }

    test::FakeCollector collector;
    tui::Feed feed;
    tui::World world;
    tui::State state;
};

}  // namespace

TEST_CASE("a look never waits for buffers: it says that they are being read, then they are there") {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    Opened opened("feed");
    CHECK(opened.text().find("reading its buffers") != std::string::npos);
    CHECK(opened.text().find("no list") == std::string::npos);  // unknown is not none
    opened.wait();
    CHECK(opened.feed.take_buffers(opened.world));
    CHECK(opened.text().find("reading its buffers") == std::string::npos);
    CHECK(opened.text().find("largest buffers") != std::string::npos);
    CHECK(opened.text().find("10.00 GB") != std::string::npos);
    REQUIRE(opened.world.detail->buffers);
    CHECK(opened.world.detail->buffers->count == 2);
    CHECK_FALSE(opened.feed.take_buffers(opened.world));
}

TEST_CASE("buffers of a process that is no longer open are not shown as another's") {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    Opened opened("feed2");
    opened.state.opened = test::kGone;
    opened.wait();
    opened.feed.look(opened.world, opened.state);
    opened.wait();
    CHECK(opened.feed.take_buffers(opened.world));
    REQUIRE(opened.world.detail->buffers);
    CHECK(opened.world.detail->image == test::kGone);
    CHECK(opened.world.detail->buffers->largest.buffers.at(0).image == test::kGone);
}

TEST_CASE("history that grew is read with the first look at suspects, and never shown when old") {
    Opened opened("feed3");
    opened.collector.grow(0, TIDEMARK_POOL_DRAM);
    opened.feed.look(opened.world, opened.state);
    CHECK_FALSE(opened.world.growth.has_value());
    opened.state.view = tui::View::kLeaks;
    CHECK(opened.feed.look(opened.world, opened.state));  // not a second after the one before
    REQUIRE(opened.world.growth.has_value());
    REQUIRE(opened.world.growth->growing.size() == 1);
    CHECK(opened.world.growth->growing[0].pool_name == "DRAM");
    opened.state.view = tui::View::kProcesses;
    opened.feed.look(opened.world, opened.state);
    CHECK_FALSE(opened.world.growth.has_value());
}

TEST_CASE("pools that grew are those of the devices and pools that were asked for") {
    const auto growing = [](const char* name, const model::Filter& filter) {
        Opened opened(name, filter);
        opened.collector.grow(0, TIDEMARK_POOL_DRAM);
        opened.collector.grow(1, TIDEMARK_POOL_L1);
        opened.state.view = tui::View::kLeaks;
        opened.feed.look(opened.world, opened.state);
        std::vector<std::string> found;
        for (const model::Growth& one : opened.world.growth.value().growing)
            found.push_back(std::to_string(one.device) + " " + one.pool_name);
        return found;
    };
    using Names = std::vector<std::string>;
    model::Filter device, pool;
    device.devices = {1};
    pool.pools = {"DRAM"};
    CHECK(growing("feed4", {}) == Names{"0 DRAM", "1 L1"});
    CHECK(growing("feed5", device) == Names{"1 L1"});
    CHECK(growing("feed6", pool) == Names{"0 DRAM"});
}
