// SPDX-License-Identifier: Apache-2.0
//
// How to find a function's caller where it keeps no frame pointer: from the unwind tables that every file carries for
// exceptions (.eh_frame), one rule a return address, worked out once. Enough of them for compiled code on x86-64; what
// needs more than a register and a constant has no rule, and the chain of frame pointers is followed there instead.
//
// Rules are written under the page lock and never changed; any thread and any handler finds them without it.
#pragma once

#include <cstdint>

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

// The caller's frame begins at (by_frame_pointer ? frame pointer : stack pointer) + size; its return address lies in
// the word below that. The caller's frame pointer is the present one, or lies at `saved` from there.
struct UnwindRule {
    bool known = false;  // false: follow the frame pointer
    bool by_frame_pointer = false;
    bool is_saved = false;
    std::int32_t size = 0;   // bytes, a multiple of 8
    std::int32_t saved = 0;  // bytes, negative, a multiple of 8
};

// Reads `bytes` at `from`. False: they are not there.
using CopyMemory = bool (*)(std::uint64_t from, void* to, std::uint64_t bytes);

// The rule for code that a call returns to at `address`, in a file whose .eh_frame_hdr is mapped at `header`. Trusts
// nothing that it reads; bounded.
UnwindRule find_rule(std::uint64_t header, std::uint64_t address, CopyMemory copy) noexcept;

// Zero is its valid first state.
class UnwindRules {
public:
    // False: not looked for yet.
    bool find(std::uint64_t address, UnwindRule& rule) const noexcept;
    // Under the page lock. Forgets what it has no place for.
    void keep(std::uint64_t address, const UnwindRule& rule) noexcept;

private:
    static constexpr std::uint32_t kPlaces = 32768;
    static constexpr std::uint32_t kProbes = 16;
    struct Place {
        std::uint64_t address;  // atomic; 0: free
        std::uint64_t rule;     // written before it
    } places_[kPlaces];
};

}  // namespace tidemark::producer

#pragma GCC visibility pop
