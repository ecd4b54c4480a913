// SPDX-License-Identifier: Apache-2.0
//
// Panels of devices are as large as they fit beside the processes, or as large as was chosen.
#include "unit/tui/golden.hpp"
#include "unit/tui/tui_world.hpp"
#include "viewers/model/names.hpp"
#include "viewers/tui/render.hpp"

using namespace tidemark;
using test::state_of;

namespace {

// So many accelerators of four pools each; the first of the programs alone.
tui::World many_devices(std::uint32_t count) {
    tui::World world = test::busy_world();
    model::Device device = world.snapshot.devices[0];
    for (std::uint32_t pool = 3; pool < 5; ++pool) {
        device.pools.push_back(device.pools[0]);
        device.pools.back().pool = pool;
        device.pools.back().pool_name = model::standard_pool_name(pool);
    }
    world.snapshot.devices.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
        device.device = i;
        device.name = "wormhole n300 board " + std::to_string(i);
        for (model::PoolUsage& pool : device.pools)
            pool.device = i;
        world.snapshot.devices.push_back(device);
    }
    world.snapshot.processes.resize(1);
    world.sums.resize(1);
    return world;
}

std::string text_of(const tui::World& world, const tui::State& state) {
    return tui::render(world, state).text();
}

}  // namespace

TEST_CASE("rows that processes do not use are the devices'") {
    const tui::World world = many_devices(6);  // 30 rows, of 36
    const std::string text = text_of(world, state_of(120, 40));
    CHECK(text.find("device 5 wormhole") != std::string::npos);
    CHECK(text.find("last minute") != std::string::npos);
    test::check_golden("devices_120x40.txt", text);
}

TEST_CASE("what does not fit is a line each, with whole names, until large ones are asked for") {
    const tui::World world = many_devices(8);  // 40 rows
    tui::State state = state_of(120, 40);
    test::check_golden("devices_small_120x40.txt", text_of(world, state));
    CHECK(text_of(world, state).find("7 wormhole n300 board 7") != std::string::npos);
    tui::update(state, U'd', world);
    CHECK(state.panels == tui::Panels::kLarge);
    test::check_golden("devices_large_120x40.txt", text_of(world, state));
    CHECK(text_of(world, state).find("device 7 wormhole") == std::string::npos);
    for (int i = 0; i < 9; ++i)
        tui::update(state, U']', world);
    CHECK(text_of(world, state).find("device 7 wormhole") != std::string::npos);
    CHECK(text_of(world, state).find("0 below; [ ] scroll") != std::string::npos);
    for (int i = 0; i < 9; ++i)
        tui::update(state, U'[', world);
    CHECK(text_of(world, state).find("device 0 wormhole") != std::string::npos);
}

TEST_CASE("processes keep five rows beside the largest panels, and d goes round") {
    tui::World world = many_devices(16);
    while (world.sums.size() < 9) {
        world.snapshot.processes.push_back(world.snapshot.processes[0]);
        world.snapshot.processes.back().image = 1000 + world.sums.size();
        world.sums.push_back(world.sums[0]);
    }
    tui::State state = state_of(80, 24);
    for (const tui::Panels panels :
         {tui::Panels::kLarge, tui::Panels::kSmall, tui::Panels::kNone, tui::Panels::kAuto}) {
        tui::update(state, U'd', world);
        CHECK(state.panels == panels);
        CHECK(tui::page_height(world, state) >= 5);
        CHECK(text_of(world, state).find("COMMAND") != std::string::npos);
    }
}
