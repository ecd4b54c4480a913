// SPDX-License-Identifier: Apache-2.0
//
// The drain thread with little or nothing to do: a rest while events gather, work that was put off, sleep until a bell
// or the next heartbeat.
#include <time.h>

#include <algorithm>
#include <utility>

#include "collector/drain/core_parts.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint64_t kPollNs = 10'000'000;     // for rings that ring no bell
constexpr std::uint64_t kStarvedNs = 10'000'000;  // after a pass that found no space

}  // namespace

bool Core::Parts::prepare_ahead() {
    while (!busy_images.empty()) {
        const auto found = registry->images().find(busy_images.back());
        const bool alive = found != registry->images().end() && found->second->ring;
        if (alive && found->second->account->prepare_ahead()) return true;
        busy_images.pop_back();
    }
    return false;
}

bool Core::Parts::has_work() {
    {
        const std::lock_guard<std::mutex> lock(tasks_mutex);
        if (!tasks.empty()) return true;
    }
    return stop.load(std::memory_order_relaxed) || look_before_sleep();
}

// After the barrier: what it finds nothing in, and was told to be quiet, needs no look until it tells of news.
bool Core::Parts::look_before_sleep() {
    Rota& rota = registry->rota();
    const bool found = !with_news(false).empty();
    if (bells.can_be_rung())
        rota.drop_quiet();
    else
        rota.stay_awake();
    const auto& watched = rota.watched();
    polls =
        !bells.can_be_rung() || std::any_of(watched.begin(), watched.end(), [](const Image* image) {
            return !image->ended && image->ring->must_be_polled();
        });
    return found;
}

// After a turn that took so many events, which are few.
void Core::Parts::pause(std::uint64_t events) {
    share.rested();
    if (pass->is_starved()) {
        const timespec wait{0, static_cast<long>(kStarvedNs)};
        nanosleep(&wait, nullptr);
        return;
    }
    if (events == 0 && !pass->left_work()) {
        gathering.nothing_came();
        return gathering.wants_rest() ? gather() : sleep();
    }
    gathering.small_pass(shm::monotonic_ns(CLOCK_THREAD_CPUTIME_ID));
    if (gathering.wants_rest()) return gather();
    sleep();
}

void Core::Parts::gather() {
    gathering.rests();
    bells.announce_rest();
    bells.sleep(gathering.rest_ns());
    bells.stop_waiting();
}

void Core::Parts::sleep() {
    if (prepare_ahead() || registry->give_back_some()) return;
    if (slots_may_have_moved || bells.slots_version() != slots_version) {
        slots_may_have_moved = false;
        const std::uint64_t known = std::exchange(slots_version, bells.slots_version());
        registry->announce_slots(known != slots_version);
    }
    const std::uint64_t begun = shm::monotonic_ns();
    registry->rota().quiet_down();
    bells.announce_waiting();
    if (!has_work()) rest();
    bells.stop_waiting();
    gathering.woken_after(shm::monotonic_ns() - begun);
}

// Nobody has news who would not ring: until somebody does, a heartbeat is all that there is to do, however many rings
// are attached.
void Core::Parts::rest() {
    const bool polling = polls;
    bool rung = false;
    do {
        const std::uint64_t now = shm::monotonic_ns();
        if (now >= next_heartbeat) {
            heartbeat();
            continue;
        }
        rung =
            bells.sleep(polling ? std::min(next_heartbeat - now, kPollNs) : next_heartbeat - now);
    } while (!rung && !polling && !found_something && bells.slots_version() == slots_version);
    found_something = false;
}

}  // namespace tidemark::collector
