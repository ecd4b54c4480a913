// SPDX-License-Identifier: Apache-2.0
//
// How buffers leave the nursery for the live table.
#include <bit>

#include "collector/drain/account.hpp"
#include "collector/drain/usage_counts.hpp"

namespace tidemark::collector {

void Account::settle(Journal& journal, Nursery& nursery, std::uint32_t place,
                     std::uint64_t records) noexcept {
    const Nursery::Buffer& young = nursery.at(place);
    nursery.forget(place);
    if (table_.insert(journal, young.hash, entry_of(young.event), records)) return;
    // No room for it after all.
    take_back_allocation(*usage(young.event.device, young.event.pool()), young.event.size());
    reject(young.event.size());
}

void Account::settle(Journal& journal, Nursery& nursery, std::uint64_t planned) noexcept {
    for (std::uint64_t held = nursery.held(); held != 0; held &= held - 1) {
        const std::uint64_t records = LiveTable::kMostRecords + kRecordsBeside + planned;
        // Splits wait for the next pass if the journal is full; an insert alone has its record.
        settle(journal, nursery, static_cast<std::uint32_t>(std::countr_zero(held)),
               journal.reserve(records) ? LiveTable::kMostRecords : 0);
    }
    nursery.clear();
}

void Account::reject(std::uint64_t size) noexcept {
    state.table_full = 1;
    ++state.rejected_allocations;
    state.rejected_bytes = std::min(state.rejected_bytes + size, kMostHeld);
}

}  // namespace tidemark::collector
