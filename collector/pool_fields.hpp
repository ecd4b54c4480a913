// SPDX-License-Identifier: Apache-2.0
//
// The older structs, of messages and of tt-metal's regions, have a field a pool, by the same names.
#pragma once

#include <cstdint>

#include "tidemark/words.h"

namespace tidemark::collector {

// The field of one of the pools that all of them have; null for another.
template <class Figures>
std::uint64_t* pool_field(Figures& figures, std::uint32_t pool) noexcept {
    switch (pool) {
        case TIDEMARK_POOL_DRAM:
            return &figures.dram;
        case TIDEMARK_POOL_L1:
            return &figures.l1;
        case TIDEMARK_POOL_L1_SMALL:
            return &figures.l1_small;
        case TIDEMARK_POOL_TRACE:
            return &figures.trace;
        case TIDEMARK_POOL_CB:
            return &figures.cb;
        default:
            return nullptr;
    }
}

}  // namespace tidemark::collector
