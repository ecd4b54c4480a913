// SPDX-License-Identifier: Apache-2.0
//
// A turn of the drain thread: who has news, one pass over them, its publication, and the ends of those that let go.
#include <algorithm>
#include <iterator>

#include "collector/drain/core_parts.hpp"
#include "collector/log.hpp"

namespace tidemark::collector {

// all: whoever has an event, told or not; a producer may be between its event and telling of it.
std::vector<Image*> Core::Parts::with_news(bool all) {
    Rota& rota = registry->rota();
    bells.take_news(
        [&rota](std::uint32_t uid, std::uint32_t group) { rota.watch_group(uid, group); });
    if (all) {
        for (Image* image : registry->alive())
            if (image->ring && image->ring->has_news()) rota.watch(*image);
    }
    std::vector<Image*> news;
    std::copy_if(rota.watched().begin(), rota.watched().end(), std::back_inserter(news),
                 [](const Image* image) { return image->ring->has_news(); });
    for (Image* image : news)
        rota.watch(*image);
    return news;
}

std::uint64_t Core::Parts::turn(bool all) {
    const std::vector<Image*> news = with_news(all);
    stopped_halfway = false;
    if (news.empty()) return 0;
    const std::uint32_t most =
        all ? configuration.limits.image_quantum : share.begin_turn(news, shm::monotonic_ns());
    const std::uint64_t events = drain(news, most, all);
    if (!all) share.end_turn(news, pass->stopped_before());
    stopped_halfway = events != 0 && pass->left_work() && !pass->is_starved();
    // Those that this pass did not come to are first in the next.
    registry->rota().begin_with(pass->stopped_before());
    return events;
}

std::uint64_t Core::Parts::drain(const std::vector<Image*>& images, std::uint32_t most, bool all) {
    const std::uint64_t begun = shm::monotonic_ns();
    for (Image* image : images)
        registry->refresh_declarations(*image);
    std::vector<Image*> moved;
    const std::uint64_t events = pass->run(images, moved, most, all);
    tell_starved();
    if (moved.empty()) return events;
    busy_images.clear();
    for (const Image* image : moved)
        busy_images.push_back(image->identity.image);
    registry->note_moved(moved);
    publisher->publish(moved, counters);
    for (const Covered& covered : pass->covered())
        if (on_covered) on_covered(covered.image, covered.device);
    for (Image* image : moved) {
        if (image->ring) image->ring->mark_published(image->account->positions);
    }
    counters.publish_latency_last_ns = shm::monotonic_ns() - begun;
    counters.publish_latency_highest_ns =
        std::max(counters.publish_latency_highest_ns, counters.publish_latency_last_ns);
    return events;
}

void Core::Parts::tell_starved() {
    if (pass->is_starved() == starved) return;
    starved = pass->is_starved();
    if (starved)
        log_error(
            "no space in /dev/shm to drain rings; they wait until there is, and what they can't "
            "hold is counted as lost");
    else
        log_notice("there is space in /dev/shm again; rings are drained");
}

// Images whose producer let go: the rest of their lanes first, then their end.
bool Core::Parts::retire_ended() {
    if (!registry->may_have_ended) return false;
    std::vector<Image*> ended;
    std::vector<Image*> moved;
    bool under_way = false;
    std::copy_if(registry->alive().begin(), registry->alive().end(), std::back_inserter(ended),
                 [](const Image* image) { return image->ended; });
    registry->may_have_ended = !ended.empty();
    for (Image* image : ended) {
        if (image->ring) {
            drain({image}, configuration.limits.image_quantum, true);
            const bool readable = image->ring->quarantine() == TIDEMARK_QUARANTINE_NONE;
            if (readable && image->ring->has_news()) {
                registry->rota().watch(*image);
                continue;
            }
        }
        under_way |= registry->retire(*image, moved);
    }
    found_something |= moved.size() < ended.size();  // some could not be retired yet
    if (moved.empty()) return under_way;
    publisher->publish(moved, counters);
    for (Image* image : moved)
        registry->settle_exited(*image);
    return true;
}

}  // namespace tidemark::collector
