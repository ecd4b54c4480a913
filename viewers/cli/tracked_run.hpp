// SPDX-License-Identifier: Apache-2.0
//
// The run itself: a private collector, the command under the tracker, and what is read when both are done. Whatever
// goes wrong with tracking is a note in the result; the command runs all the same.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "viewers/cli/run_result.hpp"
#include "viewers/cli/terminal.hpp"

namespace tidemark::cli {

struct RunPlan {
    std::vector<std::string> command;
    std::uint64_t wait_ms = 5000;  // for processes that the command leaves running
    std::uint32_t stacks = 0;      // frames of a call site; 0: as the environment says
};

// Throws Failure(126 or 127) if the command cannot be executed. `terminal`: where a long wait is told.
RunResult tracked_run(const RunPlan& plan, const Terminal& terminal);

}  // namespace tidemark::cli
