// SPDX-License-Identifier: Apache-2.0
//
// Where rules are kept. How one is found: unwind_table.cpp.
#include "producer/unwind_rules.hpp"

namespace tidemark::producer {
namespace {

constexpr std::uint64_t kKnown = 1;
constexpr std::uint64_t kByFramePointer = 2;
constexpr std::uint64_t kIsSaved = 4;

// Bits 0-2 as above, 3-31 unused, 32-47 size / 8, 48-63 -saved / 8.
std::uint64_t packed(const UnwindRule& rule) noexcept {
    if (!rule.known) return 0;
    return kKnown | (rule.by_frame_pointer ? kByFramePointer : 0) |
           (rule.is_saved ? kIsSaved : 0) |
           (static_cast<std::uint64_t>(static_cast<std::uint16_t>(rule.size / 8)) << 32) |
           (static_cast<std::uint64_t>(static_cast<std::uint16_t>(-rule.saved / 8)) << 48);
}

UnwindRule unpacked(std::uint64_t word) noexcept {
    UnwindRule rule;
    rule.known = (word & kKnown) != 0;
    rule.by_frame_pointer = (word & kByFramePointer) != 0;
    rule.is_saved = (word & kIsSaved) != 0;
    rule.size = static_cast<std::int32_t>((word >> 32) & 0xFFFF) * 8;
    rule.saved = -static_cast<std::int32_t>(word >> 48) * 8;
    return rule;
}

std::uint32_t begin_of(std::uint64_t address) noexcept {
    return static_cast<std::uint32_t>((address * 0x9E3779B97F4A7C15ull) >> 40);
}

}  // namespace

bool UnwindRules::find(std::uint64_t address, UnwindRule& rule) const noexcept {
    const std::uint32_t begin = begin_of(address);
    for (std::uint32_t probe = 0; probe < kProbes; ++probe) {
        const Place& place = places_[(begin + probe) % kPlaces];
        // SYNC(unwind-rule): acquire pairs with the release below, so that the rule is there.
        const std::uint64_t found = __atomic_load_n(&place.address, __ATOMIC_ACQUIRE);
        if (found == address) {
            rule = unpacked(__atomic_load_n(&place.rule, __ATOMIC_RELAXED));
            return true;
        }
        if (found == 0) return false;
    }
    return false;
}

void UnwindRules::keep(std::uint64_t address, const UnwindRule& rule) noexcept {
    const std::uint32_t begin = begin_of(address);
    for (std::uint32_t probe = 0; probe < kProbes; ++probe) {
        Place& place = places_[(begin + probe) % kPlaces];
        const std::uint64_t found = __atomic_load_n(&place.address, __ATOMIC_RELAXED);
        if (found == address) return;
        if (found != 0) continue;
        __atomic_store_n(&place.rule, packed(rule), __ATOMIC_RELAXED);
        // SYNC(unwind-rule): release, so that who finds the address finds the rule.
        __atomic_store_n(&place.address, address, __ATOMIC_RELEASE);
        return;
    }
}

}  // namespace tidemark::producer
