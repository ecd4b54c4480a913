// SPDX-License-Identifier: Apache-2.0
//
// tidemarkd --status and --stop: looking at, and ending, a collector that runs already. Both print for a person and
// return the process's exit status.
#pragma once

#include <string>

namespace tidemark::collector {

// 0 it runs, 3 it does not (or that can't be told).
int show_status(const std::string& instance);

// Asks over the control socket, then by SIGTERM; returns once the instance's lock is free. 0, or 3 if none ran or it
// could not be ended.
int stop_running(const std::string& instance);

}  // namespace tidemark::collector
