// SPDX-License-Identifier: Apache-2.0
//
// Whether anything that a snapshot shows has changed, without making one. A collector at rest publishes too, twice a
// second, but rows about itself alone.
#pragma once

#include <cstdint>

#include "tidemark/stats_reader.hpp"

namespace tidemark::model {

// Another value when a device, memory, pool, process or region changed since, or an event was counted or lost. Compares
// within one generation. A load a row; O(rows).
std::uint64_t change_word(const StatsReader& reader);

}  // namespace tidemark::model
