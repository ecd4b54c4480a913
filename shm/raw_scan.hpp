// SPDX-License-Identifier: Apache-2.0
//
// How much shared memory a user's ring objects really take. Asked by a producer that the bell page tells "too much":
// objects may have been removed by hand, and no collector runs that would correct the count.
#pragma once

#include <cstdint>

namespace tidemark::shm {

// Bytes of all rings that belong to `uid`, by their blocks. Raw system calls, no allocation; a few microseconds a
// ring. Stops counting at `enough`. 0 where the directory can't be read.
std::uint64_t ring_bytes_of(std::uint32_t uid, std::uint64_t enough) noexcept;

}  // namespace tidemark::shm
