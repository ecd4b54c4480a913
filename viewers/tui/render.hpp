// SPDX-License-Identifier: Apache-2.0
//
// The whole screen as a function of what is known and what was chosen: no terminal, no clock, nothing kept.
#pragma once

#include "viewers/tui/screen.hpp"
#include "viewers/tui/state.hpp"
#include "viewers/tui/world.hpp"

namespace tidemark::tui {

// Smaller than this the screen says so and nothing else.
inline constexpr Size kLeastSize = {60, 12};

// `state.size` large.
Screen render(const World& world, const State& state);

// Rows of processes that fit, without the heading: a page.
std::size_t page_height(const World& world, const State& state);

// How far the panels of devices can be scrolled.
std::size_t last_device_line(const World& world, const State& state);

// Columns of the process table that have room, in their order.
std::vector<Column> shown_columns(const World& world, const State& state);

// How far the lines of the open process, or of suspects, can be scrolled.
std::size_t last_line(const World& world, const State& state);

}  // namespace tidemark::tui
