// SPDX-License-Identifier: Apache-2.0
//
// The buffers of `tidemark bench`: 10,000 live ones, of which those at random places are freed and others allocated. An id
// that is freed at once would hardly touch the collector's table.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>

namespace tidemark::cli {

class BenchBuffers {
public:
    static constexpr std::size_t kLive = 10'000;
    struct Pair {
        std::uint64_t freed, allocated;
    };

    static std::uint64_t first_id(std::size_t place) { return 0x7f0000000000 + place * 128; }

    // Which come next; chosen before they are timed.
    template <std::size_t kCount>
    std::array<Pair, kCount> next() {
        std::array<Pair, kCount> pairs;
        for (Pair& pair : pairs) {
            seed_ ^= seed_ << 13;  // xorshift64
            seed_ ^= seed_ >> 7;
            seed_ ^= seed_ << 17;
            const std::size_t place = (seed_ >> 16) % kLive;
            pair.freed = first_id(place) + (turn_[place] ? 64 : 0);
            turn_.flip(place);
            pair.allocated = first_id(place) + (turn_[place] ? 64 : 0);
        }
        return pairs;
    }

private:
    std::bitset<kLive> turn_;
    std::uint64_t seed_ = 0x9E3779B97F4A7C15ull;
};

}  // namespace tidemark::cli
