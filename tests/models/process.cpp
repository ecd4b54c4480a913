// SPDX-License-Identifier: Apache-2.0
//
// Also what of the producer the models do without: objects, the environment, call sites, fork.
#include "models/process.hpp"

#include "models/kernel.hpp"
#include "producer/call_site.hpp"
#include "producer/fork.hpp"
#include "producer/room.hpp"
#include "shm/segment.hpp"

namespace tidemark::producer {

// Instead of ring_maker.cpp, which makes objects: the model has made the ring.
ProcessState* make_state() noexcept { return current_state(); }
bool begin_process() noexcept { return true; }
bool is_time_to_make_state() noexcept { return true; }
void know_bell() noexcept {}
const ForkHandlers kForkHandlers{nullptr, nullptr, nullptr};

std::uint32_t call_site(ProcessState*, std::uintptr_t, bool) noexcept { return 0; }

// What the environment says; parts of it can be told from nothing.
void read_settings(Settings& settings) noexcept {
    settings = {};
    settings.enabled = true;
    settings.budget = 7;
}

}  // namespace tidemark::producer

namespace tidemark::model {

using producer::process_page;

alignas(4096) std::byte memory_of_ring[shm::kBlocksOffset + 64 * 1024];
producer::ProcessState state;

void begin_with(std::uint64_t room) {
    share(memory_of_ring, sizeof(shm::RingHeader));
    share(lanes(), 4 * sizeof(shm::Lane));
    share(memory_of_ring + shm::kBlocksOffset, 256);
    share(memory_of_ring + shm::kBlocksOffset + kThreadBlock, 256);
    share(&process_page, sizeof process_page);
    share(&state, offsetof(producer::ProcessState, lanes) + 2 * sizeof(producer::LanePair));
    shm::model_segment = memory_of_ring;
    shm::model_segment_bytes = sizeof memory_of_ring;
    state.ring.base = memory_of_ring;
    state.ring.size = shm::kBlocksOffset + room;
    state.next_block = shm::kBlocksOffset;
    producer::inherited = {};
    process_page.epoch = 1;
    process_page.state = &state;
    is_gone = nullptr;
}

}  // namespace tidemark::model
