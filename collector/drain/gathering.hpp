// SPDX-License-Identifier: Apache-2.0
//
// After a pass with few events: wait for the next event's bell, or rest for a while and take together what came? Each
// wake-up has its price, whatever it finds; so events that keep coming are gathered, for as long as keeps the price of
// waking below a fixed share of a processor, and an event that comes alone is taken at once
// (docs/decisions/gathering.md). Drain thread only.
#pragma once

#include <algorithm>
#include <cstdint>

namespace tidemark::collector {

class Gathering {
public:
    static constexpr std::uint64_t kShortestRest_ns = 100'000;
    // What a reader may be behind at most while events keep coming one by one.
    static constexpr std::uint64_t kLongestRest_ns = 2'000'000;
    static constexpr std::uint64_t kRestsForCost = 200;  // so half a percent of a processor

    // The thread's processor time after a small pass; what it took since the last one is what a wake-up costs.
    void small_pass(std::uint64_t processor_ns) noexcept {
        const std::uint64_t most = kLongestRest_ns / kRestsForCost;
        const std::uint64_t cost = std::min(processor_ns - last_ns_, most);
        last_ns_ = processor_ns;
        cost_ns_ = (7 * cost_ns_ + cost) / 8;
    }
    // A large turn is followed by another at once; where that one finds nothing, the rest before them was not in vain.
    void took_something() noexcept { took_ = true; }
    void nothing_came() noexcept { gathers_ = gathers_ && took_; }
    void rests() noexcept { took_ = false; }
    // How long a rest keeps to the share, in nanoseconds.
    std::uint64_t rest_ns() const noexcept {
        return std::clamp(cost_ns_ * kRestsForCost, kShortestRest_ns, kLongestRest_ns);
    }
    bool wants_rest() const noexcept { return gathers_; }
    // A bell, or news found instead of sleeping, after so long.
    void woken_after(std::uint64_t slept_ns) noexcept { gathers_ = slept_ns < rest_ns() / 2; }

private:
    std::uint64_t last_ns_ = 0;
    std::uint64_t cost_ns_ = 0;
    bool gathers_ = false;
    bool took_ = false;
};

}  // namespace tidemark::collector
