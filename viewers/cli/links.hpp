// SPDX-License-Identifier: Apache-2.0
//
// The commands of the older monitors, which scripts still type: links to `tidemark` that stand for one of its verbs.
#pragma once

#include <string>
#include <string_view>

namespace tidemark::cli {

// The verb that a program of this name (argv[0], with or without folders) stands for; empty for `tidemark` itself.
std::string verb_of_program(std::string_view argv0);

}  // namespace tidemark::cli
