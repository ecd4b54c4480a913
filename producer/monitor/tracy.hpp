// SPDX-License-Identifier: Apache-2.0
//
// Events on their way to Tracy, if the library was built with it (TIDEMARK_TRACY). A free of something that Tracy does
// not know, or an allocation of something that it has, ends a Tracy session: only what changed the table of live buffers
// may be sent, under the lock of its shard.
#pragma once

#include <cstdint>

namespace tidemark::monitor {

#if defined(TIDEMARK_TRACY) && TIDEMARK_TRACY
void tracy_allocation(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                      std::uint64_t size) noexcept;
void tracy_free(std::uint32_t device, std::uint32_t pool, std::uint64_t id) noexcept;
#else
inline void tracy_allocation(std::uint32_t, std::uint32_t, std::uint64_t, std::uint64_t) noexcept {}
inline void tracy_free(std::uint32_t, std::uint32_t, std::uint64_t) noexcept {}
#endif

}  // namespace tidemark::monitor
