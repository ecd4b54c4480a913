// SPDX-License-Identifier: Apache-2.0
//
// The collector is never tracked: its allocations would become its own work. Where a tracked shell starts it with the
// malloc tracker preloaded, it runs itself again without.
#pragma once

#include <string>
#include <string_view>

namespace tidemark::collector {

// LD_PRELOAD's list (separated by spaces or colons) without the malloc tracker.
std::string without_tracker(std::string_view preload);

// Returns only if the tracker is not preloaded, or this program can't be run again. First thing in main.
void shed_tracker(char** arguments);

}  // namespace tidemark::collector
