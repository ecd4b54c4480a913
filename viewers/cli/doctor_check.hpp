// SPDX-License-Identifier: Apache-2.0
//
// What `tidemark doctor` finds: one entry a question, each with a level and, unless all is well, what to do.
#pragma once

#include <string>
#include <vector>

#include "viewers/cli/options.hpp"

namespace tidemark::cli {

enum class Level { kOk, kWarning, kProblem };

struct Check {
    std::string name;
    Level level = Level::kOk;
    std::string text;
    std::string todo;  // empty when there is nothing to do
};

// Shared memory, limits, clock, and the installation's own files.
std::vector<Check> check_system();

// The collector that `options` mean.
std::vector<Check> check_collector(const Options& options);

// "ok", "warning", "problem".
const char* level_word(Level level);

}  // namespace tidemark::cli
