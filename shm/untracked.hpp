// SPDX-License-Identifier: Apache-2.0
//
// Programs of a user that ran without a ring, counted in the bell page: by the instance that they named, so that no
// other's collector tells of them. Whoever finds no counter of its own left is in the page's sums alone, and every
// collector tells of those. Nothing is ordered: these are numbers that are read on their own.
#pragma once

#include <cstdint>

#include "shm/kill_point.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::shm {

// FNV-1a, 32 bits, of an instance's name ("": none was named); never 0.
constexpr std::uint32_t key_of_name(const char* instance) noexcept {
    std::uint32_t key = 2'166'136'261u;
    for (; *instance != '\0'; ++instance)
        key = (key ^ static_cast<unsigned char>(*instance)) * 16'777'619u;
    return key != 0 ? key : 1;
}

// One more of that instance; nothing, where no counter is free. Any thread of any process.
inline void count_untracked_by_name(BellPage& page, const char* instance) noexcept {
    const std::uint64_t key = key_of_name(instance);
    for (std::uint64_t& counter : page.untracked_by_name) {
        std::uint64_t was = __atomic_load_n(&counter, __ATOMIC_RELAXED);
        for (int tries = 0; tries < 1000 && (was == 0 || was >> 32 == key); ++tries) {
            const std::uint64_t now = (was == 0 ? key << 32 : was) + 1;
            bool done = false;
            TIDEMARK_SHARED_STORE("bell.untracked_name", done = __atomic_compare_exchange_n(
                                                             &counter, &was, now, false,
                                                             __ATOMIC_RELAXED, __ATOMIC_RELAXED));
            if (done) return;
        }
    }
}

inline std::uint64_t untracked_by_name(const BellPage& page, const char* instance) noexcept {
    const std::uint64_t key = key_of_name(instance);
    std::uint64_t sum = 0;
    for (const std::uint64_t& counter : page.untracked_by_name) {
        const std::uint64_t now = __atomic_load_n(&counter, __ATOMIC_RELAXED);
        if (now >> 32 == key) sum += now & 0xffffffffu;
    }
    return sum;
}

// Those that are counted under no name: of programs before there were names, and where all counters were taken.
inline std::uint64_t untracked_without_name(const BellPage& page) noexcept {
    std::uint64_t named = 0;
    for (const std::uint64_t& counter : page.untracked_by_name)
        named += __atomic_load_n(&counter, __ATOMIC_RELAXED) & 0xffffffffu;
    const std::uint64_t all = __atomic_load_n(&page.untracked_images, __ATOMIC_RELAXED) +
                              __atomic_load_n(&page.untracked_space, __ATOMIC_RELAXED);
    return all > named ? all - named : 0;
}

}  // namespace tidemark::shm
