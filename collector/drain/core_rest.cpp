// SPDX-License-Identifier: Apache-2.0
//
// The drain thread without news: work that was put off, a short spin, then sleep until a bell or the next heartbeat.
#include <algorithm>

#include "collector/drain/core_parts.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint64_t kSpinNs = 50'000;      // without news before it sleeps
constexpr std::uint64_t kPollNs = 10'000'000;  // for rings that ring no bell

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
    return stop.load(std::memory_order_relaxed) || !with_news().empty();
}

void Core::Parts::sleep() {
    if (prepare_ahead() || registry->give_back_some()) return;
    const std::uint64_t begun = shm::monotonic_ns();
    while (shm::monotonic_ns() - begun < kSpinNs) {
        if (has_work()) return;
        for (int i = 0; i < 64; ++i)
            shm::pause_briefly();
    }
    bells.announce_waiting();
    if (!has_work()) rest();
    bells.stop_waiting();
}

// Nobody has news who would not ring: until somebody does, a heartbeat is all that there is to do, however many rings
// are attached.
void Core::Parts::rest() {
    const bool polling = registry->must_poll() || !bells.can_be_rung();
    bool rung = false;
    do {
        const std::uint64_t now = shm::monotonic_ns();
        if (now >= next_heartbeat) {
            heartbeat();
            continue;
        }
        rung =
            bells.sleep(polling ? std::min(next_heartbeat - now, kPollNs) : next_heartbeat - now);
    } while (!rung && !polling && !found_something);
    found_something = false;
}

}  // namespace tidemark::collector
