// SPDX-License-Identifier: Apache-2.0
//
// What happens around fork(), for pthread_atfork. A raw clone runs none of it and is served by the page that the
// kernel wipes.
#pragma once

#include <cstdint>

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

struct ForkHandlers {
    void (*before)() noexcept;
    void (*in_parent)() noexcept;
    void (*in_child)() noexcept;
};
extern const ForkHandlers kForkHandlers;

// Naps of 50 us that fork waits for another thread that makes a ring or claims a lane: a child forked meanwhile would
// inherit the open descriptor and with it the lock. A second, then it goes on.
inline constexpr std::uint32_t kForkPatience = 10'000;

}  // namespace tidemark::producer

#pragma GCC visibility pop
