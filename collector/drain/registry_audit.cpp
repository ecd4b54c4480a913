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
constexpr int kImagesAStep = 16;
constexpr std::uint64_t kNoWalk = UINT64_MAX;  // no account has seen so many events

}  // namespace

// The next image after the last one that changed since it was compared; a few are looked at each time.
void Registry::find_image_to_audit() {
    auto next = images_.upper_bound(walk_.image);
    walk_ = {};
    for (int looked = 0; looked < kImagesAStep && next != images_.end(); ++looked, ++next) {
        walk_.image = next->first;
        const Image& image = *next->second;
        if (image.exited || !image.account) continue;
        const auto known = audited_.find(next->first);
        if (known != audited_.end() && known->second == image.account->state.events) continue;
        walk_.events = image.account->state.events;
        return;
    }
    if (next == images_.end()) walk_.image = 0;
    walk_.events = kNoWalk;
}

void Registry::audit_step() {
    const auto place = images_.find(walk_.image);
    const bool valid = place != images_.end() && place->second->account && !place->second->exited &&
                       place->second->account->state.events == walk_.events;
    if (!valid) {
        find_image_to_audit();
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
    walk_.events = kNoWalk;  // the next step goes on behind this image
}

}  // namespace tidemark::collector
