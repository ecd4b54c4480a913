// SPDX-License-Identifier: Apache-2.0
//
// A snapshot as the table that `tidemark` prints. Pure: the same snapshot, width and terminal give the same text.
#pragma once

#include <string>

#include "viewers/cli/terminal.hpp"
#include "viewers/model/snapshot.hpp"

namespace tidemark::cli {

struct SmiLook {
    std::size_t width = 80;
    bool units = true;            // "450.00 MB", else bytes
    bool header = true;           // title and column names
    bool compare_kernel = false;  // was asked for; the snapshot holds what came of it
};

std::string smi_text(const model::Snapshot& snapshot, const SmiLook& look,
                     const Terminal& terminal);

}  // namespace tidemark::cli
