// SPDX-License-Identifier: Apache-2.0
//
// Keeping a rule. How one is found out: unwind_table.cpp.
#include "producer/unwind_rules.hpp"

namespace tidemark::producer {

void UnwindRules::keep(std::uint64_t address, const UnwindRule& rule) noexcept {
    const std::uint32_t begin = begin_of(address);
    for (std::uint32_t probe = 0; probe < kProbes; ++probe) {
        Place& place = places_[(begin + probe) % kPlaces];
        const std::uint64_t found = __atomic_load_n(&place.address, __ATOMIC_RELAXED);
        if (found == address) return;
        if (found != 0) continue;
        __atomic_store_n(&place.rule, rule.word_, __ATOMIC_RELAXED);
        // SYNC(unwind-rule): release, so that who finds the address finds the rule.
        __atomic_store_n(&place.address, address, __ATOMIC_RELEASE);
        return;
    }
}

}  // namespace tidemark::producer
