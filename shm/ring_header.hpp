// SPDX-License-Identifier: Apache-2.0
//
// What every ring's header says of its layout, whoever makes it: a producer for itself, or the collector for a client
// of its sockets. Freestanding.
#pragma once

#include "shm/kill_point.hpp"
#include "shm/raw_segment.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::shm {

// Fills what does not depend on the program: all up to identity, clock and wishes. The object is not published yet.
inline RingHeader& begin_ring_header(const RawRing& ring) noexcept {
    auto& header = *reinterpret_cast<RingHeader*>(ring.base);
    header.magic = kRingMagic;
    header.byte_order = kRingByteOrder;
    header.major = kRingMajor;
    header.minor = kRingMinor;
    header.header_size = kDeclarationsOffset;
    header.features_compatible = kTellsNews;
    header.object_size = ring.size;
    header.image = ring.image;
    header.lane_count = kMaxLanes;
    header.lane_size = sizeof(Lane);
    header.lanes_offset = kLanesOffset;
    header.blocks_offset = kBlocksOffset;
    header.declarations_offset = kDeclarationsOffset;
    header.consumer_slot = -1;
    return header;
}

// The consumer finds the first `count` pairs of lanes from now on; their descriptors are written.
inline void publish_lanes(RingHeader& header, std::uint32_t count) noexcept {
    // SYNC(lane-claim): release, so that who sees the lanes finds their first blocks.
    TIDEMARK_SHARED_STORE("claim.used",
                          __atomic_store_n(&header.lanes_used, count, __ATOMIC_RELEASE));
}

}  // namespace tidemark::shm
