// SPDX-License-Identifier: Apache-2.0
//
// Rows of the process table in the order of a column.
#pragma once

#include <vector>

#include "viewers/tui/process_rows.hpp"
#include "viewers/tui/state.hpp"

namespace tidemark::tui {

// By order_of(state.settings) and by what its cells say; the order in which they came decides between equals. Text
// compares as text, without the marks before a command, all else as numbers; unknown is lower than anything.
void sort_rows(std::vector<ProcessRow>& rows, const World& world, const State& state);

}  // namespace tidemark::tui
