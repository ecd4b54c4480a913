// SPDX-License-Identifier: Apache-2.0
#include "collector/drain/fair_share.hpp"

#include <algorithm>

namespace tidemark::collector {

std::uint32_t FairShare::begin_turn(const std::vector<Image*>& images,
                                    std::uint64_t now_ns) noexcept {
    std::uint64_t longest = 0;
    for (Image* image : images) {
        // Who had no news when the last turn began got them since.
        if (begun_ns_ == 0 || image->turn != turn_)
            image->waits_since_ns = begun_ns_ == 0 ? now_ns : begun_ns_;
        image->turn = turn_ + 1;
        longest = std::max(longest, now_ns - image->waits_since_ns);
    }
    ++turn_;
    begun_ns_ = now_ns;
    const auto count = static_cast<std::uint32_t>(std::max<std::size_t>(images.size(), 1));
    waited(longest, std::min(std::max(kShortestTurn / count, kFewest), most_));
    return events_;
}

void FairShare::end_turn(const std::vector<Image*>& images, std::uint64_t stopped_before) noexcept {
    for (Image* image : images) {
        if (image->identity.image == stopped_before) return;
        image->waits_since_ns = begun_ns_;
    }
}

void FairShare::waited(std::uint64_t ns, std::uint32_t fewest) noexcept {
    if (ns > kLongestWait_ns)
        events_ = static_cast<std::uint32_t>(
            std::max<std::uint64_t>(events_ * kLongestWait_ns / ns, fewest));
    else if (ns < kLongestWait_ns / 2)
        events_ = std::min(2 * events_, most_);
    events_ = std::max(events_, fewest);
}

}  // namespace tidemark::collector
