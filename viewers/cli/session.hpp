// SPDX-License-Identifier: Apache-2.0
//
// What every verb that reads figures does first and last: find the collector's segment, and say with the exit status
// whether somebody keeps it up to date.
#pragma once

#include <string>

#include "viewers/cli/options.hpp"
#include "viewers/model/snapshot.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::cli {

// Throws Failure(3) with what to do.
model::StatsSource open_source(const Options& options);

// The instance that a verb means when it is not named: TIDEMARK_INSTANCE or the user's own.
std::string instance_wanted(const Options& options);

// The one command that starts a collector for this instance.
std::string start_command(const Options& options);

// 0 while the collector lives or stalls (its state tells which), 3 once it has stopped: its last figures were shown.
int status_for(const model::Snapshot& snapshot);

}  // namespace tidemark::cli
