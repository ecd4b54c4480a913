// SPDX-License-Identifier: Apache-2.0
//
// What a mark makes the change since, and what it leaves as it is and says so.
#include "unit/tui/golden.hpp"
#include "unit/tui/tui_world.hpp"
#include "viewers/tui/render.hpp"

using namespace tidemark;
using test::state_of;

namespace {

bool shows(const tui::World& world, const tui::State& state, const std::string& text) {
    return tui::render(world, state).text().find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("peaks are the change since a mark in all places: how far they rose") {
    tui::World world = test::busy_world();
    tui::State table = state_of(200, 60), opened = test::open_state(120, 40);
    table.settings.columns.push_back(tui::Column::kPeak);
    table.mark = opened.mark = tui::mark_of(world);
    for (const char* peak : {"512.00 MB", "14.00 MB", "11.00 GB"})
        CHECK_FALSE(shows(world, table, " " + std::string(peak) + "  2.00 KB/s"));
    CHECK_FALSE(shows(world, opened, "512.00 MB"));
    const auto raise = [](model::PoolUsage& pool) { pool.peak += 7 << 20; };
    raise(world.snapshot.devices[0].pools[0]);
    for (std::size_t i = 0; i < world.snapshot.processes.size(); ++i) {
        model::Process& process = world.snapshot.processes[i];
        if (process.image == test::kTrainer) raise(process.usage[0]);
        tui::refresh(world.sums[i], process);
    }
    const std::string text = tui::render(world, table).text();
    const std::size_t first = text.find("+7.00 MB");  // the device's, then the process's
    REQUIRE(first != std::string::npos);
    CHECK(text.find("+7.00 MB", first + 1) != std::string::npos);
    CHECK(shows(world, opened, "+7.00 MB"));
}

TEST_CASE("sizes are counted from a mark that was set while their process was open") {
    tui::World world = test::open_world();
    tui::State state = test::open_state(120, 60);
    tui::update(state, U'm', world);
    CHECK(shows(world, state, "nothing allocated since"));
    world.detail->histograms[0].counts[12] += 3;
    CHECK(shows(world, state, "how many since the mark"));
    const std::string text = tui::render(world, state).text();
    CHECK(text.find("              3 ") != std::string::npos);
    CHECK(text.find("512.00 KB … ") == std::string::npos);
    state.mark.reset();
    CHECK(shows(world, state, "512.00 KB … "));
}

TEST_CASE("what a mark does not change says so") {
    tui::World world = test::open_world();
    tui::State state = state_of(120, 60);
    tui::update(state, U'm', world);  // in the table: what was open is old
    state.view = tui::View::kDetail;
    state.opened = test::kTrainer;
    CHECK(shows(world, state, "since it began, not the mark"));
    CHECK(shows(world, state, "by bytes held as of now"));
    CHECK(shows(world, state, "of 10 as of now"));
    state.view = tui::View::kLeaks;
    CHECK(shows(world, state, "not since the mark"));
}
