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
    explicit Opened(const char* name) : collector(name), feed(options(collector)) {
        test::a_busy_machine(collector);
        state.size = {120, 60};
        state.view = tui::View::kDetail;
        state.opened = test::kServer;
        feed.look(world, state);
    }
    static tui::FeedOptions options(const test::FakeCollector& collector) {
        tui::FeedOptions options;
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
