// SPDX-License-Identifier: Apache-2.0
//
// What the programs of pipeline.cpp and scaling.cpp do: make events as fast as they can, for ever.
#pragma once

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "tidemark/producer.h"

namespace tidemark::bench {

// Until all that was appended is published, for a minute at most. A collector that gets no processor for two seconds
// counts as none, but comes back.
inline bool is_published() {
    for (int i = 0; i < 600; ++i) {
        if (tidemark_flush(60'000) == TIDEMARK_FLUSH_PUBLISHED) return true;
        usleep(100'000);
    }
    return false;
}

enum class Shape { kPairs, kGrowing, kMixed };

// `live` buffers, of which one at a random place is freed and another allocated beside it.
class PairsLoad {
public:
    explicit PairsLoad(std::uint64_t live) : turn_(live, false) {
        for (std::uint64_t place = 0; place < live; ++place)
            allocate(place);
    }
    void step() {
        seed_ ^= seed_ << 13;  // xorshift64
        seed_ ^= seed_ >> 7;
        seed_ ^= seed_ << 17;
        const std::uint64_t place = (seed_ >> 16) % turn_.size();
        tidemark_free(0, TIDEMARK_POOL_DRAM, id_of(place));
        turn_[place] = !turn_[place];
        allocate(place);
    }

    void free_all() const {
        for (std::uint64_t place = 0; place < turn_.size(); ++place)
            tidemark_free(0, TIDEMARK_POOL_DRAM, id_of(place));
    }

private:
    std::uint64_t id_of(std::uint64_t place) const {
        return 0x7f0000000000 + place * 128 + (turn_[place] ? 64 : 0);
    }
    void allocate(std::uint64_t place) const {
        tidemark_allocation(0, TIDEMARK_POOL_DRAM, id_of(place), 16 + place % 4096);
    }
    std::vector<bool> turn_;
    std::uint64_t seed_ = 0x9E3779B97F4A7C15ull;
};

[[noreturn]] inline void grow_for_ever() {
    for (std::uint64_t id = 64;; id += 64)
        tidemark_allocation(0, TIDEMARK_POOL_DRAM, id, 64);
}

// What this thread allocates, another one frees, in batches that are handed over.
[[noreturn]] inline void hand_over_for_ever() {
    constexpr std::uint64_t kHandful = 256;
    static std::atomic<std::uint64_t> begun{0}, freed{0};  // batches
    std::thread([] {
        for (std::uint64_t batch = 0;; ++batch) {
            while (begun.load(std::memory_order_acquire) <= batch)
                sched_yield();
            for (std::uint64_t i = 0; i < kHandful; ++i)
                tidemark_free(0, TIDEMARK_POOL_DRAM, (batch * kHandful + i + 1) * 64);
            freed.store(batch + 1, std::memory_order_release);
        }
    }).detach();
    for (std::uint64_t batch = 0;; ++batch) {
        while (batch - freed.load(std::memory_order_acquire) >= 2)
            sched_yield();
        for (std::uint64_t i = 0; i < kHandful; ++i)
            tidemark_allocation(0, TIDEMARK_POOL_DRAM, (batch * kHandful + i + 1) * 64, 64);
        begun.store(batch + 1, std::memory_order_release);
    }
}

// `filled` counts programs that have their live buffers, published.
[[noreturn]] inline void run_load(Shape shape, std::uint64_t live,
                                  std::atomic<std::uint64_t>& filled) {
    PairsLoad pairs(live == 0 || shape != Shape::kPairs ? 1 : live);
    if (!is_published()) _exit(1);
    filled.fetch_add(1);
    if (shape == Shape::kGrowing) grow_for_ever();
    if (shape == Shape::kMixed) hand_over_for_ever();
    for (;;)
        pairs.step();
}

}  // namespace tidemark::bench
