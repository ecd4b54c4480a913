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
// the word below that. The caller's frame pointer is the present one, or lies at `saved` from there. One word, since a
// walk asks for many.
class UnwindRule {
public:
    static constexpr std::int64_t kMost = 0xFFFF * 8;

    constexpr UnwindRule() = default;  // not known: follow the frame pointer
    // Bytes, multiples of 8: size from 8 to kMost; saved from -kMost to -8, or 0: the frame pointer is the present one.
    constexpr UnwindRule(bool by_frame_pointer, std::int64_t size, std::int64_t saved)
        : word_(kKnown | (by_frame_pointer ? kByFramePointer : 0) |
                (static_cast<std::uint64_t>(size / 8) << 16) |
                (static_cast<std::uint64_t>(-saved / 8) << 32)) {}

    constexpr bool known() const { return word_ != 0; }
    constexpr bool by_frame_pointer() const { return (word_ & kByFramePointer) != 0; }
    constexpr bool is_saved() const { return (word_ >> 32) != 0; }
    constexpr std::uint64_t size() const { return ((word_ >> 16) & 0xFFFF) * 8; }
    constexpr std::uint64_t saved_below() const { return (word_ >> 32) * 8; }

private:
    friend class UnwindRules;
    static constexpr std::uint64_t kKnown = 1;
    static constexpr std::uint64_t kByFramePointer = 2;

    std::uint64_t word_ = 0;  // bits 0-1 as above, 16-31 size / 8, 32-47 -saved / 8
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
    bool find(std::uint64_t address, UnwindRule& rule) const noexcept {
        const std::uint32_t begin = begin_of(address);
        for (std::uint32_t probe = 0; probe < kProbes; ++probe) {
            const Place& place = places_[(begin + probe) % kPlaces];
            // SYNC(unwind-rule): acquire pairs with the release in keep(), so that the rule is there.
            const std::uint64_t found = __atomic_load_n(&place.address, __ATOMIC_ACQUIRE);
            if (found == address) {
                rule.word_ = __atomic_load_n(&place.rule, __ATOMIC_RELAXED);
                return true;
            }
            if (found == 0) break;
        }
        return false;
    }
    // Under the page lock. Forgets what it has no place for.
    void keep(std::uint64_t address, const UnwindRule& rule) noexcept;

private:
    static std::uint32_t begin_of(std::uint64_t address) noexcept {
        return static_cast<std::uint32_t>((address * 0x9E3779B97F4A7C15ull) >> 40);
    }

    static constexpr std::uint32_t kPlaces = 32768;
    static constexpr std::uint32_t kProbes = 16;
    struct Place {
        std::uint64_t address;  // atomic; 0: free
        std::uint64_t rule;     // written before it
    } places_[kPlaces];
};

}  // namespace tidemark::producer

#pragma GCC visibility pop
