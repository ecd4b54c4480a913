// SPDX-License-Identifier: Apache-2.0
//
// How many events one image may take in a pass. Many at once serve the caches best. But who waits for room in a full
// ring gives up after a tenth of a second, loses events then without any wait, and leaves the collector less of a
// processor: which makes all others wait for longer, until nobody waits any more. So images take turns the more often,
// the longer they had to wait (docs/decisions/fair-share.md). Drain thread only.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tidemark::collector {

class FairShare {
public:
    // A quarter of what a producer waits for (kStallBudget_ns, producer/room.cpp).
    static constexpr std::uint64_t kLongestWait_ns = 25'000'000;
    static constexpr std::uint32_t kFewest = 64;  // events, the least that can be configured

    explicit FairShare(std::uint32_t most) : most_(most), events_(most) {}

    std::uint32_t most() const noexcept { return most_; }
    // Of an image in the pass that begins.
    std::uint32_t events() const noexcept { return events_; }
    // The longest that an image of the pass that begins has waited for its turn, while the collector did not rest.
    void waited(std::uint64_t ns) noexcept {
        if (ns > kLongestWait_ns)
            events_ = static_cast<std::uint32_t>(
                std::max<std::uint64_t>(events_ * kLongestWait_ns / ns, kFewest));
        else if (ns < kLongestWait_ns / 2)
            events_ = std::min(2 * events_, most_);
    }

private:
    std::uint32_t most_;
    std::uint32_t events_;
};

}  // namespace tidemark::collector
