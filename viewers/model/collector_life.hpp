// SPDX-License-Identifier: Apache-2.0
//
// Whether the process of a silent collector is gone: by the lock of its instance, as `tidemarkd --status` tells it. The
// kernel gives the lock back however the process ended, and a lock means the same in every pid namespace.
#pragma once

#include <string>

#include "tidemark/stats_reader.hpp"

namespace tidemark::model {

std::string lock_path(std::string_view instance);

// False also where it can't be told: the lock is not there, not the collector's, or not ours to open.
bool collector_is_gone(const StatsReader& reader);

}  // namespace tidemark::model
