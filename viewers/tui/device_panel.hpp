// SPDX-License-Identifier: Apache-2.0
//
// One device, as device_view.cpp puts it beside and below others.
#pragma once

#include <vector>

#include "viewers/tui/views.hpp"

namespace tidemark::tui {

// A title, a line a pool, and one for what sensors and tt-metal's regions know. `has_caption`: says what its columns are.
std::vector<Line> panel(Frame& frame, const model::Device& device, std::size_t columns,
                        bool has_caption);

// The lines that panel() will have.
std::size_t panel_height(Frame& frame, const model::Device& device);

// A bar for each memory, beside each other.
Line small_line(Frame& frame, const model::Device& device, std::size_t columns);

}  // namespace tidemark::tui
