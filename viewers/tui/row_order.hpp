// SPDX-License-Identifier: Apache-2.0
//
// Rows of the process table in the order of a column.
#pragma once

#include <vector>

#include "viewers/tui/process_rows.hpp"
#include "viewers/tui/settings.hpp"

namespace tidemark::tui {

// By order_of(settings); the order in which they came decides between equals. Text columns compare as text, all others as
// numbers; unknown is lower than anything.
void sort_rows(std::vector<ProcessRow>& rows, const Settings& settings);

}  // namespace tidemark::tui
