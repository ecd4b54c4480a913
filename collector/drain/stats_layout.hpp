// SPDX-License-Identifier: Apache-2.0
//
// What a new stats segment is made of. Readers go by its header alone. For stats_segment*.cpp.
#pragma once

#include <cstdint>

#include "tidemark/stats_reader.h"
#include "tidemark/stats_schema.hpp"

namespace tidemark::collector {

inline constexpr std::uint64_t kPage = 4096;
inline constexpr std::uint64_t kSamplesPerSeries =
    TIDEMARK_HISTORY_FINE_COUNT + TIDEMARK_HISTORY_COARSE_COUNT;

inline std::uint64_t rounded(std::uint64_t value, std::uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

struct TableShape {
    const char* name;
    std::uint32_t payload;
    std::uint32_t capacity;
};

inline constexpr TableShape kShapes[TIDEMARK_TABLE_COUNT] = {
#define TIDEMARK_X(ID, name, capacity) {#name, sizeof(tidemark_##name##_row), capacity},
    TIDEMARK_TABLES(TIDEMARK_X)
#undef TIDEMARK_X
};

}  // namespace tidemark::collector
