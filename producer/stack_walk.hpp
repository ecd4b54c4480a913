// SPDX-License-Identifier: Apache-2.0
//
// Who called: return addresses, the innermost first. Where a rule is known how a function's frame is laid out
// (unwind_rules.hpp) it is followed, elsewhere the chain of frame pointers: there, code compiled without them leaves
// frames out or ends the chain. The first address, who called into Tidemark, is there always.
//
// Never a fault: a word is read only where it lies above the frame before and below the end of the very stack that
// the thread runs on, all of which is mapped as long as the thread runs there.
#pragma once

#include <cstdint>

#include "producer/unwind_rules.hpp"

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

// Code whose frames are left out at the beginning of a chain: ours.
struct CodeRange {
    std::uintptr_t begin;
    std::uintptr_t end;

    bool contains(std::uintptr_t address) const noexcept { return address - begin < end - begin; }
};

// The malloc tracker's own code, all of it; an empty range in the library that programs link.
CodeRange own_code() noexcept;

// Where a walk gets its rules from: what is known of the code that a call returns to at `address`.
struct RuleSource {
    UnwindRule (*find)(void* context, std::uint64_t address) noexcept;
    void* context;
};

// At most `most` return addresses, from the frame at `frame`, which must be one of ours. `end`: of its stack; 0:
// unknown, then the caller alone.
std::uint32_t walk_frames(std::uintptr_t frame, std::uintptr_t end, CodeRange own,
                          const RuleSource& rules, std::uint64_t* out, std::uint32_t most) noexcept;

// The end of the calling thread's own stack, if `position` lies on it; 0: it doesn't (an alternate or a hand-made
// stack, whose neighbours may go away at any time), or nobody knows. `may_look`: in /proc/self/maps, which happens
// once a thread, and again when its stack has grown.
std::uintptr_t stack_end(std::uintptr_t position, bool may_look) noexcept;

}  // namespace tidemark::producer

#pragma GCC visibility pop
