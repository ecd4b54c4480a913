// SPDX-License-Identifier: Apache-2.0
//
// The call site of an allocation, for programs that asked for it (TIDEMARK_STACKS). Nothing here runs in one that did
// not.
#pragma once

#include <cstdint>

#include "producer/process_state.hpp"

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

// The number of the stack that ends in the frame at `frame`, one of ours; 0: none could be kept. `is_nested`: we are in
// a handler that interrupted an append, where nothing is asked of the kernel.
std::uint32_t call_site(ProcessState* state, std::uintptr_t frame, bool is_nested) noexcept;

}  // namespace tidemark::producer

#pragma GCC visibility pop
