// SPDX-License-Identifier: Apache-2.0
//
// A flush: what it waits for, and what who sees its records published may rely on.
#include "producer/questions.cpp"

#include "models/parts.hpp"
#include "models/process.hpp"
#include "shm/lane_reader.hpp"

namespace tidemark::model {
namespace {

using producer::Heads;

std::uint64_t figures, told;

void begin() {
    begin_with_room();
    share(&figures, sizeof figures);
    share(&told, sizeof told);
    producer::ThreadState thread{};
    producer::attach_thread(thread);
    state.lanes[0].thread.allow(0, 4);
}
void append() {
    shm::LaneWriter& lane = state.lanes[0].thread;
    lane.append(lane.head(), 1, 1, 1, 0);
}
void publish_figures() {
    shm::LaneReader reader(memory_of_ring, sizeof memory_of_ring, 0);
    const std::uint64_t head = reader.head();
    __atomic_store_n(&figures, head, __ATOMIC_RELAXED);
    reader.mark_published(head);
}
void flush() {
    append();
    const Heads heads(state);
    if (heads.are_published(state))
        require(__atomic_load_n(&figures, __ATOMIC_RELAXED) == 1,
                "what was flushed is in the figures");
}

// Thread 0 tells of its event, by whatever way, before it stores the head; who flushes and has it covered knows it too.
void record_for_another() {
    __atomic_store_n(&told, 1, __ATOMIC_RELAXED);
    append();
}
void flush_for_another() {
    const Heads heads(state);
    if (heads.head[0] == 1)
        require(__atomic_load_n(&told, __ATOMIC_RELAXED) == 1,
                "what came before a covered event came before the flush");
}
void nothing() {}

}  // namespace

void add_flush_models(std::vector<Model>& all) {
    all.push_back({"flush", "and published figures", begin, {{flush}, {publish_figures}}, nothing});
    all.push_back({"flush for another",
                   "covers what it recorded",
                   begin,
                   {{record_for_another}, {flush_for_another}},
                   nothing});
}

}  // namespace tidemark::model
