// SPDX-License-Identifier: Apache-2.0
//
// What is said of buffers and call sites: nothing that is not so, also where they may not be read.
#include "unit/tui/golden.hpp"
#include "unit/tui/tui_world.hpp"
#include "viewers/tui/render.hpp"

using namespace tidemark;

namespace {

constexpr const char* kDenied =
    "pid 31337: permission denied: live buffers are shown to the collector's user only";

tui::World unreadable() {
    tui::World world = test::open_world();
    tui::HeldBuffers& held = world.detail->buffers.emplace();
    held.inexact = {kDenied};
    return world;
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

}  // namespace

TEST_CASE("buffers that may not be read are not known, which is not none, nor unrecorded") {
    const tui::World world = unreadable();
    for (const std::size_t columns : {80u, 120u, 200u}) {
        const std::string text = tui::render(world, test::open_state(columns, 60)).text();
        CHECK(count(text, "not known: pid 31337") == 3);
        CHECK(count(text, "permission denied") == 3);
        CHECK(text.find("TIDEMARK_STACKS") == std::string::npos);
        CHECK(text.find("no live buffers") == std::string::npos);
    }
    test::check_golden("unreadable_120x40.txt",
                       tui::render(world, test::open_state(120, 40)).text());
}

TEST_CASE("that nothing is held is said where it is known") {
    tui::World world = test::open_world();
    world.detail->buffers.emplace();
    const std::string text = tui::render(world, test::open_state(120, 40)).text();
    CHECK(count(text, "no live buffers") == 3);
}

TEST_CASE("why lists are not exact stands before them") {
    tui::World world = test::open_world();
    world.detail->buffers->inexact = {"pid 31337: changed faster than it could be read"};
    const std::string text = tui::render(world, test::open_state(120, 60)).text();
    const std::size_t at = text.find("not exact: pid 31337: changed faster");
    REQUIRE(at != std::string::npos);
    CHECK(at < text.find("largest buffers"));
    CHECK(count(text, "0x5593822c12a0") == 2);
}

TEST_CASE("a call site keeps its file and line where it is cut") {
    tui::World world = test::open_world();
    world.detail->buffers->sites = {
        {{"tt::engine::Cache<std::vector<tt::engine::Page, Pool>>::grow at "
          "/home/someone/engine/source/cache.cpp:1234 (/opt/engine/lib/libengine.so.2+0x1139)",
          "main at /src/train.cpp:88 (/usr/bin/train+0x40)", "/lib/libc.so.6+0x29d90"},
         10,
         10'240'000}};
    for (const std::size_t columns : {80u, 120u, 200u}) {
        const std::string text = tui::render(world, test::open_state(columns, 60)).text();
        CHECK(text.find("cache.cpp:1234") != std::string::npos);
        CHECK(text.find("train.cpp:88") != std::string::npos);
        CHECK(text.find("libc.so.6+0x29d90") != std::string::npos);
    }
    test::check_golden("sites_120x40.txt", tui::render(world, test::open_state(120, 40)).text());
}
