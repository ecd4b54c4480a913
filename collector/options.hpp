// SPDX-License-Identifier: Apache-2.0
//
// The command line of tidemarkd, and what of environment and configuration file stands behind it: flags win over
// environment over file. Reads and checks; does nothing.
#pragma once

#include <string>

#include "collector/configuration.hpp"

namespace tidemark::collector {

struct Options {
    enum class Action { kForeground, kBackground, kStatus, kStop };
    Configuration configuration;  // control_socket stays empty: it depends on what can be made
    Action action = Action::kForeground;
    int ready_descriptor = -1;   // --ready-fd; -1: none
    int verbosity = 0;           // number of -v less number of -q
    bool shows_clients = false;  // a line an event of socket clients, on standard output
};

struct ParsedOptions {
    Options options;
    bool go_on = false;  // false: print what stands below and exit with `status`
    int status = 0;      // 0 help or version, 2 usage
    std::string output;  // for standard output
    std::string error;   // for standard error, one line
};

// Reads TIDEMARK_INSTANCE, XDG_CONFIG_HOME and HOME. At start, before other threads.
ParsedOptions parse_options(int argc, const char* const* argv);

}  // namespace tidemark::collector
