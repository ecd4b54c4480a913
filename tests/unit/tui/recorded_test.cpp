// SPDX-License-Identifier: Apache-2.0
//
// Screens of what a real collector said of real programs: recorded/record.py says how it was recorded.
#include <clocale>
#include <ctime>

#include "unit/tui/recorded_held.hpp"
#include "viewers/tui/render.hpp"

using namespace tidemark;

namespace {

tui::World world() {
    std::setlocale(LC_CTYPE, "C.UTF-8");
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    return test::recorded_world_with_lists();
}

}  // namespace

TEST_CASE("a recorded machine's devices and processes") {
    const tui::World recorded = world();
    REQUIRE(recorded.snapshot.processes.size() == 3);
    test::check_golden("recorded_80x24.txt", tui::render(recorded, test::state_of(80, 24)).text());
    test::check_golden("recorded_160x40.txt",
                       tui::render(recorded, test::state_of(160, 40)).text());
}

TEST_CASE("a recorded machine as a tree, and one of its programs") {
    const tui::World recorded = world();
    tui::State state = test::state_of(120, 30);
    state.settings.tree = true;
    state.shows_exited = true;
    test::check_golden("recorded_tree_120x30.txt", tui::render(recorded, state).text());
    state.view = tui::View::kDetail;
    for (const model::Process& process : recorded.snapshot.processes) {
        if (process.command == "python3 train.py --epochs 3") state.opened = process.image;
    }
    REQUIRE(state.opened != 0);
    test::check_golden("recorded_detail_120x30.txt", tui::render(recorded, state).text());
}

TEST_CASE("a recorded program's sizes, buffers and call sites") {
    const tui::World recorded = world();
    REQUIRE(recorded.detail);
    tui::State state = test::state_of(120, 60);
    state.view = tui::View::kDetail;
    state.opened = recorded.detail->image;
    const std::string text = tui::render(recorded, state).text();
    CHECK(text.find("read_file loader.c:8") != std::string::npos);
    test::check_golden("recorded_held_120x60.txt", text);
    state.size = {80, 60};
    test::check_golden("recorded_held_80x60.txt", tui::render(recorded, state).text());
}
