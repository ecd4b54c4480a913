// SPDX-License-Identifier: Apache-2.0
//
// Rows of the process table as a tree: children below their parents, whose sums hold theirs while they run.
#pragma once

#include <deque>
#include <vector>

#include "viewers/tui/process_rows.hpp"
#include "viewers/tui/state.hpp"

namespace tidemark::tui {

// Of `all`, those that `state.filter` wants and their ancestors, each level sorted. Sums of parents are put into `own`.
std::vector<ProcessRow> as_tree(const std::vector<ProcessRow>& all, const World& world,
                                const State& state, std::deque<Sums>& own);

}  // namespace tidemark::tui
