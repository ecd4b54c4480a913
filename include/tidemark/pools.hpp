// SPDX-License-Identifier: Apache-2.0
//
// The pools of words.h as a C++ type, for producer.hpp and monitor.hpp. No dependency.
#pragma once

#include <cstdint>

#include "words.h"

namespace tidemark {

inline constexpr std::uint32_t kHostDevice = TIDEMARK_DEVICE_HOST;

// Numbers beyond these come from name_pool().
enum class Pool : std::uint32_t {
    kDram = TIDEMARK_POOL_DRAM,
    kL1 = TIDEMARK_POOL_L1,
    kSystemMemory = TIDEMARK_POOL_SYSTEM_MEMORY,
    kL1Small = TIDEMARK_POOL_L1_SMALL,
    kTrace = TIDEMARK_POOL_TRACE,
    kCb = TIDEMARK_POOL_CB,
    kKernel = TIDEMARK_POOL_KERNEL,
    kAny = TIDEMARK_POOL_ANY,  // in frees only
};

}  // namespace tidemark
