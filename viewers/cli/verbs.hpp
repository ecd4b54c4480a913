// SPDX-License-Identifier: Apache-2.0
//
// The verbs' makers; commands.cpp puts them in order.
#pragma once

#include <memory>

#include "viewers/cli/command.hpp"
#include "viewers/cli/failure.hpp"

namespace tidemark::cli {

std::unique_ptr<Command> make_smi();
std::unique_ptr<Command> make_top();
std::unique_ptr<Command> make_query();
std::unique_ptr<Command> make_monitor();
std::unique_ptr<Command> make_buffers();
std::unique_ptr<Command> make_leaks();
std::unique_ptr<Command> make_events();
std::unique_ptr<Command> make_run();
std::unique_ptr<Command> make_serve();
std::unique_ptr<Command> make_doctor();
std::unique_ptr<Command> make_bench();
std::unique_ptr<Command> make_completion();

}  // namespace tidemark::cli
