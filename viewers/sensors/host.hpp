// SPDX-License-Identifier: Apache-2.0
//
// The host: its memory from /proc/meminfo, the temperature of its processor from hwmon.
#pragma once

#include "viewers/sensors/reading.hpp"
#include "viewers/sensors/tree.hpp"

namespace tidemark::sensors {

Reading read_host(const Tree& tree);

}  // namespace tidemark::sensors
