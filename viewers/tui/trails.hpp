// SPDX-License-Identifier: Apache-2.0
//
// What this viewer saw itself since it started: rates, and how each process's pools went. The segment keeps histories by
// device alone. Sampled once a second at most; a long trail keeps every other sample and goes on half as densely.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "viewers/model/snapshot.hpp"

namespace tidemark::tui {

// A pool of a device (image 0), or of one process on a device. A pool that programs name themselves has its number from
// the collector, the same in both tables.
struct PoolKey {
    std::uint64_t image = 0;
    std::uint32_t device = 0;
    std::uint32_t pool = 0;
    bool operator==(const PoolKey&) const = default;
};

struct PoolKeyHash {
    std::size_t operator()(const PoolKey& key) const noexcept {
        return key.image * 0x9E3779B97F4A7C15u ^ (std::size_t{key.device} << 32 | key.pool);
    }
};

// Allocated each second: bytes, and how often.
struct Rate {
    std::uint64_t bytes = 0;
    std::uint64_t count = 0;
};

struct Trail {
    std::vector<std::optional<std::uint64_t>> current;  // bytes, oldest first
    std::vector<std::uint64_t> live;                    // buffers, where known
    double seconds = 0;                                 // since it was first seen
    std::size_t samples = 0;                            // also those that are no longer kept
    std::optional<Rate> rate;                           // nothing: not known yet

    // The figures that the rate was taken from.
    std::uint64_t total_allocated = 0;
    std::uint64_t allocations = 0;
    std::uint64_t round = 0;
    std::size_t every = 1;  // of so many samples one is kept
};

inline std::uint64_t milliseconds(const Trail& trail) {
    return static_cast<std::uint64_t>(std::llround(trail.seconds * 1000));
}

class Trails {
public:
    static constexpr std::size_t kMostSamples = 240;

    // With what is known then. `seconds`: since the call before. Figures that nobody keeps up to date
    // (a collector that stalled or stopped) leave a hole, and no rate.
    void sample(const model::Snapshot& snapshot, double seconds);

    const Trail* find(const PoolKey& key) const;
    // Of a pool; nothing: not known yet.
    std::optional<std::uint64_t> bytes_per_second(const PoolKey& key) const;
    std::optional<std::uint64_t> count_per_second(const PoolKey& key) const;
    // Over all pools of a process; nothing: not known yet.
    std::optional<Rate> rate_of(const model::Process& process) const;

    const std::unordered_map<PoolKey, Trail, PoolKeyHash>& all() const { return trails_; }

private:
    void sample_pool(const PoolKey& key, const model::PoolUsage* usage, double seconds);

    std::unordered_map<PoolKey, Trail, PoolKeyHash> trails_;
    std::uint64_t round_ = 0;
};

}  // namespace tidemark::tui
