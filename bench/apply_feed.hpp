// SPDX-License-Identifier: Apache-2.0
//
// Events for apply.cpp, made beforehand: a fixed number of live buffers of which one is freed and another allocated
// beside it, again and again, at random places or from one to the next. The list ends with the live buffers that it began with, so it can be fed in a circle.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "shm/event.hpp"

namespace tidemark::bench {

// How many pairs are enough for so many live buffers.
inline std::uint64_t pairs_for(std::uint64_t live) {
    return live < 100'000 ? 128 * 1024 : 1024 * 1024;
}

class ApplyFeed {
public:
    // `live` buffers; `pairs` frees and as many allocations, an even number.
    ApplyFeed(std::uint64_t live, std::uint64_t pairs, bool in_order) {
        for (std::uint64_t place = 0; place < live; ++place)
            first_.push_back(allocation(place, false));
        std::vector<std::uint64_t> places;
        for (std::uint64_t i = 0; i < pairs / 2; ++i)
            places.push_back((in_order ? i : random()) % live);
        // Each place has two ids that take turns; the second half of the list takes the turns of the first again.
        std::vector<bool> turn(live, false);
        events_.reserve(pairs * 2);
        for (std::uint64_t i = 0; i < pairs; ++i) {
            const std::uint64_t place = places[i % places.size()];
            events_.push_back({++stamp_, id_of(place, turn[place]),
                               shm::pack(shm::Operation::kFree, 0, 0), 0, 0});
            turn[place] = !turn[place];
            events_.push_back(allocation(place, turn[place]));
        }
    }

    // What makes the live buffers; to be applied once.
    const std::vector<shm::Event>& first() const { return first_; }
    const std::vector<shm::Event>& circle() const { return events_; }

private:
    static std::uint64_t id_of(std::uint64_t place, bool turn) {
        return 0x7f0000000000 + place * 128 + (turn ? 64 : 0);
    }
    shm::Event allocation(std::uint64_t place, bool turn) {
        return {++stamp_, id_of(place, turn),
                shm::pack(shm::Operation::kAllocation, 0, 16 + random() % 4096), 0, 0};
    }
    std::uint64_t random() {  // xorshift64
        seed_ ^= seed_ << 13;
        seed_ ^= seed_ >> 7;
        seed_ ^= seed_ << 17;
        return seed_ >> 16;
    }

    std::vector<shm::Event> first_, events_;
    std::uint64_t stamp_ = 0;
    std::uint64_t seed_ = 0x9E3779B97F4A7C15ull;
};

}  // namespace tidemark::bench
