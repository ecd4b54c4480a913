// SPDX-License-Identifier: Apache-2.0
//
// How many events one image may take in a turn. Many at once serve the caches best. But who waits for room in a full
// ring gives up after a tenth of a second, loses events then without any wait, and leaves the collector less of a
// processor: which makes all others wait for longer, until nobody waits any more. So turns come the sooner, the longer
// somebody had to wait for his (docs/decisions/fair-share.md).
#pragma once

#include <cstdint>
#include <vector>

#include "collector/drain/image.hpp"

namespace tidemark::collector {

// Drain thread only.
class FairShare {
public:
    // A quarter of what a producer waits for (kStallBudget_ns, producer/room.cpp).
    static constexpr std::uint64_t kLongestWait_ns = 25'000'000;
    static constexpr std::uint32_t kFewest = 64;  // events, the least that can be configured
    // Events of all images together, about a millisecond: whoever waits although a turn takes no longer waits for a
    // processor, and shorter turns would not help him.
    static constexpr std::uint32_t kShortestTurn = 16'384;

    explicit FairShare(std::uint32_t most) noexcept : most_(most), events_(most) {}

    // A turn of these images, which have news, begins, CLOCK_MONOTONIC: how many events may each of them take?
    std::uint32_t begin_turn(const std::vector<Image*>& images, std::uint64_t now_ns) noexcept;
    // It ended. Those before this one, given by number, were drained; 0: all.
    void end_turn(const std::vector<Image*>& images, std::uint64_t stopped_before) noexcept;
    // The collector sleeps or rests: no time to wait for a turn.
    void rested() noexcept { begun_ns_ = 0; }

private:
    void waited(std::uint64_t ns, std::uint32_t fewest) noexcept;

    std::uint32_t most_;
    std::uint32_t events_;
    std::uint64_t turn_ = 0;      // number of the last one
    std::uint64_t begun_ns_ = 0;  // when; 0: the collector rested since
};

}  // namespace tidemark::collector
