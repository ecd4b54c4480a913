// SPDX-License-Identifier: Apache-2.0
//
// This process's own ring segment, emptied by the process itself: appends are measured with room always there and with
// no second processor touching the lane. Not a consumer: records are thrown away unread.
#pragma once

#include <cstdint>

#include "shm/ring_layout.hpp"

namespace tidemark::bench {

// One thread, which is also the only one that appends; or several, each of which says which lane is its own.
class OwnRing {
public:
    // Makes the ring with a first event and maps it. `is_open` tells whether that worked.
    OwnRing();
    // Unlinks it, since no collector will.
    ~OwnRing();
    OwnRing(const OwnRing&) = delete;
    OwnRing& operator=(const OwnRing&) = delete;

    bool is_open() const { return lane_ != nullptr; }
    // From now on what the calling thread does with this object is about the calling thread's own lane.
    void use_lane_of_this_thread();
    // All that was appended is free space again.
    void empty() {
        shm::Lane& lane = *(own_lane_ != nullptr ? own_lane_ : lane_);
        const std::uint64_t head = __atomic_load_n(&lane.head, __ATOMIC_RELAXED);
        __atomic_store_n(&lane.tail, head, __ATOMIC_RELEASE);
    }
    // Events that were not kept, of any cause.
    static std::uint64_t lost();

private:
    std::byte* base_ = nullptr;
    std::uint64_t size_ = 0;
    shm::Lane* lane_ = nullptr;
    static inline thread_local shm::Lane* own_lane_ = nullptr;
    char path_[64] = {};
};

}  // namespace tidemark::bench
