// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/trails.hpp"

#include <cmath>

namespace tidemark::tui {
namespace {

std::uint64_t per_second(std::uint64_t now, std::uint64_t before, double seconds) {
    return static_cast<std::uint64_t>(std::llround(static_cast<double>(now - before) / seconds));
}

template <class Values>
void halve(Values& values) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < values.size(); i += 2)
        values[kept++] = values[i];
    values.resize(kept);
}

}  // namespace

void Trails::sample_pool(const PoolKey& key, const model::PoolUsage* usage, double seconds) {
    Trail& trail = trails_[key];
    const bool known_before = trail.round != 0 && trail.round + 1 == round_;
    trail.rate.reset();
    if (usage != nullptr && known_before && seconds > 0 &&
        usage->total_allocated >= trail.total_allocated &&
        usage->allocations >= trail.allocations) {
        trail.rate = Rate{per_second(usage->total_allocated, trail.total_allocated, seconds),
                          per_second(usage->allocations, trail.allocations, seconds)};
    }
    if (trail.samples != 0) trail.seconds += seconds;
    if (trail.samples++ % trail.every == 0) {
        trail.current.push_back(usage != nullptr ? std::optional(usage->current) : std::nullopt);
        if (usage != nullptr) trail.live.push_back(usage->live);
    }
    if (trail.current.size() > kMostSamples) {
        halve(trail.current);
        halve(trail.live);
        trail.every *= 2;
    }
    if (usage != nullptr) {
        trail.total_allocated = usage->total_allocated;
        trail.allocations = usage->allocations;
        trail.round = round_;
    }
}

void Trails::sample(const model::Snapshot& snapshot, double seconds) {
    ++round_;
    if (snapshot.collector.state != model::CollectorState::kRunning) {
        for (auto& [key, trail] : trails_)
            sample_pool(key, nullptr, seconds);
        return;
    }
    for (const model::Device& device : snapshot.devices) {
        for (const model::PoolUsage& pool : device.pools) {
            sample_pool({0, pool.device, pool.pool}, &pool, seconds);
        }
    }
    for (const model::Process& process : snapshot.processes) {
        for (const model::PoolUsage& pool : process.usage) {
            sample_pool({process.image, pool.device, pool.pool}, &pool, seconds);
        }
    }
    std::erase_if(trails_, [this](const auto& entry) { return entry.second.round != round_; });
}

const Trail* Trails::find(const PoolKey& key) const {
    const auto at = trails_.find(key);
    return at != trails_.end() ? &at->second : nullptr;
}

std::optional<std::uint64_t> Trails::bytes_per_second(const PoolKey& key) const {
    const Trail* trail = find(key);
    if (trail == nullptr || !trail->rate) return std::nullopt;
    return trail->rate->bytes;
}

std::optional<std::uint64_t> Trails::count_per_second(const PoolKey& key) const {
    const Trail* trail = find(key);
    if (trail == nullptr || !trail->rate) return std::nullopt;
    return trail->rate->count;
}

std::optional<Rate> Trails::rate_of(const model::Process& process) const {
    std::optional<Rate> sum = process.usage.empty() ? std::optional(Rate{}) : std::nullopt;
    for (const model::PoolUsage& pool : process.usage) {
        const Trail* trail = find({process.image, pool.device, pool.pool});
        if (trail == nullptr || !trail->rate) return std::nullopt;
        sum = Rate{sum.value_or(Rate{}).bytes + trail->rate->bytes,
                   sum.value_or(Rate{}).count + trail->rate->count};
    }
    return sum;
}

}  // namespace tidemark::tui
