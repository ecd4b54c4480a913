// SPDX-License-Identifier: Apache-2.0
//
// See raw_fork.cpp.
#pragma once

#pragma GCC visibility push(hidden)

namespace tidemark::tracker {

// Finds libc's _Fork; in the constructor, since a signal handler can't.
void resolve_fork() noexcept;

}  // namespace tidemark::tracker

#pragma GCC visibility pop
