// SPDX-License-Identifier: Apache-2.0
//
// A snapshot as plain text columns: per device one line a process and a TOTAL line, sizes in bytes, words separated by
// blanks, for awk and eyes alike. The format of `tidemark query --format proc`. With the header, blocks follow of what
// only tt-metal's regions tell of; they have no TOTAL.
#pragma once

#include <string>

#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

// `header`: with the lines that name device and columns.
std::string proc_text(const Snapshot& snapshot, bool header);

}  // namespace tidemark::model
