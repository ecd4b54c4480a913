// SPDX-License-Identifier: Apache-2.0
//
// A process of the models: a ring that the collector knows, and the producer's private state of it, with no lane yet.
#pragma once

#include <cstddef>
#include <cstdint>

#include "producer/process_state.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::model {

inline constexpr std::uint64_t kThreadBlock = shm::kFirstBlockEvents * sizeof(shm::Event);
inline constexpr std::uint64_t kPair = kThreadBlock + shm::kHandlerBlockEvents * sizeof(shm::Event);

alignas(4096) extern std::byte memory_of_ring[shm::kBlocksOffset + 64 * 1024];
extern producer::ProcessState state;

inline shm::Lane* lanes() {
    return reinterpret_cast<shm::Lane*>(memory_of_ring + shm::kLanesOffset);
}

// From a setup. `room`: bytes of the ring's blocks.
void begin_with(std::uint64_t room);
inline void begin_with_room() { begin_with(8 * kPair); }

}  // namespace tidemark::model
