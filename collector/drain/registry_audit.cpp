// SPDX-License-Identifier: Apache-2.0
//
// The audit: tables compared with counters, a little at every heartbeat. What differs is published and logged, never
// repaired: a repair would hide the defect.
#include <algorithm>

#include "collector/drain/registry.hpp"
#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint32_t kSlotsAStep = 64;  // at most 16,320 entries, about 0.1 ms

}  // namespace

void Registry::audit_step() {
    const auto place = images_.find(walk_.image);
    const bool valid = place != images_.end() && place->second->account && !place->second->exited &&
                       place->second->account->state.events == walk_.events;
    if (!valid) {
        // The next image after the last one that changed since it was compared.
        auto next = std::find_if(
            images_.upper_bound(walk_.image), images_.end(), [this](const auto& entry) {
                const Image& image = *entry.second;
                if (image.exited || !image.account) return false;
                const auto known = audited_.find(entry.first);
                return known == audited_.end() || known->second != image.account->state.events;
            });
        walk_ = {};
        if (next == images_.end()) return;
        walk_.image = next->first;
        walk_.events = next->second->account->state.events;
        return;
    }
    const Account& account = *place->second->account;
    const std::uint32_t until = std::min(walk_.slot + kSlotsAStep, account.table().slots());
    account.table().for_each(walk_.slot, until, [this](const tidemark_account_entry& entry) {
        ++walk_.buffers;
        walk_.bytes += entry.life & TIDEMARK_LIFE_SIZE_MASK;
    });
    walk_.slot = until;
    if (until != account.table().slots()) return;
    compare(account, walk_.buffers, walk_.bytes);
    audited_[walk_.image] = walk_.events;
    walk_.events = ~walk_.events;  // ends this walk; the next step goes on behind this image
}

}  // namespace tidemark::collector
