// SPDX-License-Identifier: Apache-2.0
//
// Which rings a turn looks at. A ring without news falls quiet before the collector sleeps: its producer then tells of
// its next event by a bit of its group, and nobody looks at its lanes until then. So what a turn costs goes by the rings
// that move, not by those that are attached (docs/decisions/quiet-rings.md).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "collector/drain/image.hpp"

namespace tidemark::collector {

// Drain thread only. Knows images, owns none; one with a ring is in it from attach to retirement.
class Rota {
public:
    // Watched from now on. Twice is as good as once.
    void add(Image& image);
    void remove(Image& image);
    // Those to look at, in the order of their turn.
    const std::vector<Image*>& watched() const noexcept { return watched_; }
    // That image, given by number, has the first turn.
    void begin_with(std::uint64_t image);
    // A group of a user's rings told of news.
    void watch_group(std::uint32_t uid, std::uint32_t group);
    // One that must be looked at whether it told or not.
    void watch(Image& image);

    // Three steps of falling asleep: all that can be quiet are told so; then the caller's barrier, and a look at all
    // that are watched; then those that are still quiet are watched no more.
    void quiet_down();
    void drop_quiet();
    // In place of the last step where there is no such barrier.
    void stay_awake();

private:
    using Groups = std::array<std::vector<Image*>, shm::kNewsGroups>;
    struct User {
        Groups groups;
        std::uint32_t next = 0;
        std::size_t rings = 0;
    };

    std::map<std::uint32_t, User> users_;
    std::vector<Image*> watched_;
};

}  // namespace tidemark::collector
