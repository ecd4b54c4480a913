// SPDX-License-Identifier: Apache-2.0
//
// Telling of an image's end. A ring is released, and the image drained, a moment before the process can be seen to have
// ended: how it ended is waited for a little, so that row and logs can say it.
#include <algorithm>

#include "collector/drain/registry.hpp"
#include "shm/clock.hpp"

namespace tidemark::collector {
namespace {

// From the release of a dying process's memory to its pidfd takes microseconds; a process that lives on (it executed a
// program that nobody tracks) is not waited for longer.
constexpr std::uint64_t kPatienceNs = 100'000'000;

}  // namespace

// After retire(): the image is about to be published for the last time.
void Registry::await_ending(Image& image) {
    image.untold_row = std::make_unique<tidemark_process_row>();
    image.tell_at_ns = shm::monotonic_ns() + kPatienceNs;
    untold_.push_back(image.identity.image);
    const bool is_known = image.ended_by_exec || !image.is_watched;
    if (is_known) tell_end(image);
}

void Registry::tell_end(Image& image) {
    if (image.ended_by_exec) image.ending = {TIDEMARK_ENDING_EXECUTED, 0};
    tell(image.ended_by_exec ? SinkRecord::Kind::kExec : SinkRecord::Kind::kExit, image,
         image.untold_bytes, image.untold_buffers);
    if (image.process_row != UINT32_MAX && image.untold_row->in_use != 0)
        publisher_.publish_ending(image);
    image.untold_row.reset();
    std::erase(untold_, image.identity.image);
}

void Registry::tell_overdue(std::uint64_t now_ns) {
    const std::vector<std::uint64_t> waiting = untold_;
    for (const std::uint64_t number : waiting) {
        const auto known = images_.find(number);
        if (known == images_.end())
            std::erase(untold_, number);
        else if (known->second->tell_at_ns <= now_ns)
            tell_end(*known->second);
    }
}

}  // namespace tidemark::collector
