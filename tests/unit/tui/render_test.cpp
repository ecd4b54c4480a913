// SPDX-License-Identifier: Apache-2.0
//
// Screens of a machine that tests make up, so that all that can be said occurs: tui_world.hpp.
#include "viewers/tui/render.hpp"

#include "unit/tui/golden.hpp"
#include "unit/tui/tui_world.hpp"

using namespace tidemark;
using test::check_golden;
using test::state_of;

TEST_CASE("processes and devices at three sizes of the terminal") {
    const tui::World world = test::busy_world();
    check_golden("processes_80x24.txt", tui::render(world, state_of(80, 24)).text());
    check_golden("processes_120x40.txt", tui::render(world, state_of(120, 40)).text());
    check_golden("processes_200x60.txt", tui::render(world, state_of(200, 60)).text());
}

TEST_CASE(
    "a device's panel says what its sensors and tt-metal's regions know, in one line, and nothing "
    "else") {
    tui::World world = test::busy_world();
    const std::string before = tui::render(world, state_of(120, 40)).text();
    sensors::Reading card, silent;
    card.temperature_c = 45.4;
    card.power_w = 36;
    card.utilization_percent = 37;
    world.snapshot.hardware.emplace().readings = {{0, card}, {1, silent}};
    world.snapshot.regions = {{4711, 1, false, 4242, "silent", false, 1024, 2048, 0, 0, 0}};
    const std::string text = tui::render(world, state_of(120, 40)).text();
    CHECK(text.find(" temp 45 °C   power 36.0 W   util 37 %\n") != std::string::npos);
    CHECK(text.find(" tt-metal tells of 1 program, in no figure above: DRAM 1.00 KB") !=
          std::string::npos);
    check_golden("sensors_80x24.txt", tui::render(world, state_of(80, 24)).text());
    world.snapshot.hardware->readings = {{0, silent}};
    world.snapshot.regions.clear();
    CHECK(tui::render(world, state_of(120, 40)).text() == before);
}

TEST_CASE("the page about it shows this very screen") {
    const std::string page = test::text_of_file(test::tui_file("../../../docs/top.md"));
    CHECK(page.find(tui::render(test::busy_world(), state_of(80, 24)).text()) != std::string::npos);
}

TEST_CASE("every cell has the look of what it means") {
    check_golden("looks_80x24.txt", tui::render(test::busy_world(), state_of(80, 24)).looks());
}

TEST_CASE("in ASCII every cell is ASCII") {
    tui::State state = state_of(80, 24);
    state.ascii = true;
    const std::string text = tui::render(test::busy_world(), state).text();
    check_golden("ascii_80x24.txt", text);
    for (const char byte : text)
        CHECK((byte == '\n' || (byte >= 0x20 && byte < 0x7F)));
}

TEST_CASE("names with control characters and bytes that are no text never reach a cell") {
    for (const std::size_t columns : {80u, 200u}) {
        const std::string text = tui::render(test::busy_world(), state_of(columns, 24)).text();
        CHECK(text.find('\x1b') == std::string::npos);
    }
}

TEST_CASE("an open process, suspects, help") {
    const tui::World world = test::busy_world();
    tui::State state = state_of(120, 40);
    state.view = tui::View::kDetail;
    state.opened = test::kTrainer;
    check_golden("detail_120x40.txt", tui::render(world, state).text());
    state.view = tui::View::kLeaks;
    check_golden("leaks_120x40.txt", tui::render(test::leaking_world(), state).text());
    state = state_of(80, 24);
    state.overlay = tui::Overlay::kHelp;
    check_golden("help_80x24.txt", tui::render(world, state).text());
}

TEST_CASE("a mark shows what changed since") {
    tui::World world = test::busy_world();
    tui::State state = state_of(80, 24);
    state.mark = tui::mark_of(world);
    world.snapshot.processes[2].usage[0].current += 3 << 20;
    world.sums[2] = tui::sums_of(world.snapshot.processes[2], world.trails);
    const std::string text = tui::render(world, state).text();
    CHECK(text.find("change since") != std::string::npos);
    CHECK(text.find("+3.00 MB") != std::string::npos);
}

TEST_CASE("the collector's absence, silence and losses are told in words") {
    tui::World world = test::busy_world();
    const tui::State state = state_of(80, 24);
    world.snapshot.collector.state = model::CollectorState::kStalled;
    world.snapshot.collector.heartbeat_age_ms = 12000;
    CHECK(tui::render(world, state).text().find("stalled: no sign of life for 12 s") !=
          std::string::npos);
    world.snapshot.collector.counters->lost.allocations[0] = 7;
    CHECK(tui::render(world, state).text().find("lost 7 events") != std::string::npos);
    tui::World nothing;
    nothing.snapshot.time_unix_ns = test::kStart;
    nothing.snapshot.collector.instance = "test";
    nothing.snapshot.collector.state = model::CollectorState::kNone;
    const std::string text = tui::render(nothing, state).text();
    CHECK(text.find("no collector runs") != std::string::npos);
}

TEST_CASE("any size draws, also one that is too small") {
    const tui::World world = test::busy_world();
    for (std::size_t columns = 1; columns <= 210; columns += 7) {
        for (std::size_t rows = 1; rows <= 62; rows += 5) {
            for (const tui::View view :
                 {tui::View::kProcesses, tui::View::kDetail, tui::View::kLeaks}) {
                tui::State state = state_of(columns, rows);
                state.view = view;
                state.opened = test::kTrainer;
                CHECK(tui::render(world, state).size() == tui::Size{columns, rows});
            }
        }
    }
}
