// SPDX-License-Identifier: Apache-2.0
//
// What the drain thread does four times a second, however much or little happens: signs of life, looks at what moves
// without an event, forgetting, and a stats segment in place of one that was removed.
#include <utility>

#include "collector/drain/core_parts.hpp"
#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint64_t kHeartbeatNs = 250'000'000;
constexpr std::uint64_t kMeasureNs = 10'000'000'000;  // between two looks at what rings take up
constexpr std::uint64_t kWaitingNs = 1'000'000'000;   // the same, while a ring waits for space

}  // namespace

void Core::Parts::heartbeat() {
    const std::uint64_t now = shm::monotonic_ns();
    next_heartbeat = now + kHeartbeatNs;
    clock.refresh();
    bells.heartbeat(now);
    slots_may_have_moved |= bells.lacks_slot();
    counters.untracked_images = bells.untracked_images();
    stats.heartbeat(shm::monotonic_ns(CLOCK_REALTIME), now);
    look_at_live_words();
    registry->tell_overdue(now);
    const std::vector<Image*> handed_on = registry->forget_old(now);
    registry->give_back_some();  // also where there never is a pause
    registry->audit_step();
    if (now >= next_measure || (registry->has_waiting() && next_measure - now > kWaitingNs))
        measure_rings();
    publish_missing(handed_on);
    if (!stats.in_place()) replace_stats_segment();
}

// With a heartbeat: these, and what there was no space for in the segment.
void Core::Parts::publish_missing(std::vector<Image*> images) {
    const std::vector<Image*> fresh = not_shown_yet();
    images.insert(images.end(), fresh.begin(), fresh.end());
    if (publisher->has_missing())
        for (auto& [number, image] : registry->images())
            if (image->rows_lack_space && image->account) images.push_back(image.get());
    publisher->publish(images, counters);
    for (Image* image : images)
        if (image->exited) registry->settle_exited(*image);
}

// Programs that attached, and recorded nothing yet that would have made them known.
std::vector<Image*> Core::Parts::not_shown_yet() {
    std::vector<Image*> images;
    for (const std::uint64_t number : std::exchange(newcomers, {})) {
        const auto place = registry->images().find(number);
        if (place == registry->images().end()) continue;
        Image* image = place->second.get();
        if (image->account && image->process_row == UINT32_MAX) images.push_back(image);
    }
    return images;
}

// Only a look at the directory takes off what is gone, and finds rings that could not be attached before.
void Core::Parts::measure_rings() {
    next_measure = shm::monotonic_ns() + kMeasureNs;
    if (!stop.load(std::memory_order_relaxed)) registry->scan();
    registry->remove_unfinished();
    found_something = true;  // it may have attached one that rings no bell
    if (registry->has_waiting()) next_measure = shm::monotonic_ns() + kWaitingNs;
    for (const auto& [uid, bytes] : registry->ring_bytes())
        bells.set_undrained(uid, bytes);
}

// Losses move without an event when nothing can be appended; a few rings each time, so that the cost stays the same.
void Core::Parts::look_at_live_words() {
    constexpr std::size_t kRingsATime = 16;
    const std::vector<Image*>& alive = registry->alive();
    std::vector<Image*> some;
    for (std::size_t seen = 0; seen < alive.size() && some.size() < kRingsATime; ++seen) {
        Image* image = alive[live_words_cursor++ % alive.size()];
        if (!image->ring) continue;
        some.push_back(image);
        if (image->ring->is_quiet() && image->ring->has_news()) {
            image->ring->found_untold();
            registry->rota().watch(*image);
        }
    }
    // Events are for the turns.
    if (!some.empty() && drain(some, FairShare::kFewest, false) != 0) found_something = true;
    for (Image* image : some) {
        if (image->ring && !image->ended) registry->ring_released(image->ring->name());
        found_something |= image->ended;
    }
}

// Somebody unlinked the segment: readers that come now would find nothing.
void Core::Parts::replace_stats_segment() {
    const bool first = !std::exchange(replacing, true);
    if (first) log_warning("the stats segment was removed from outside; a new one takes its place");
    StatsSegment fresh;
    std::string error;
    if (!fresh.create(configuration, generation, error)) {
        if (first) log_error(error + "; tried again with each heartbeat");
        return;
    }
    StatsSegment old = std::exchange(stats, std::move(fresh));
    registry->reopen_exited();
    publisher->publish_everything(registry->images(), counters);
    for (auto& [number, image] : registry->images())
        if (image->exited) registry->settle_exited(*image);
    stats.heartbeat(shm::monotonic_ns(CLOCK_REALTIME), shm::monotonic_ns());
    if (!stats.put_in_place(error)) {
        if (first) log_error(error);
        stats = std::move(old);  // tried again at the next heartbeat
        return;
    }
    replacing = false;
    // Only now: who sees it and opens again finds the new one, with all figures.
    old.set_state(TIDEMARK_COLLECTOR_SUPERSEDED);
}

}  // namespace tidemark::collector
