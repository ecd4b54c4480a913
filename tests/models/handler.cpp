// SPDX-License-Identifier: Apache-2.0
//
// Signal handlers, which interrupt a thread anywhere and run to their end: events that they report in the middle of an
// append, and what they track in the middle of the monitor's bookkeeping.
#include <set>

#include "producer/monitor/monitor.cpp"

#include "models/parts.hpp"
#include "models/process.hpp"
#include "producer/room.hpp"
#include "producer/runtime.hpp"

namespace tidemark::producer::detail {
extern std::uint32_t clock_state;
}

namespace tidemark::model {
namespace {

using producer::thread_state;

constexpr std::uint32_t kDevice = 0, kPool = 1;
void record(std::uint64_t id) { producer::record_allocation(kDevice, kPool, id, 8); }

// A thread that has recorded one event, so that its lane is there.
void begin_recording() {
    begin_with_room();
    share(&thread_state, sizeof thread_state);
    producer::detail::mode = static_cast<std::uint32_t>(producer::Mode::kOn);
    producer::detail::clock_state = 1;
    record(1);
}
void record_one() { record(2); }
void record_in_handler() { record(3); }

std::set<std::uint64_t> ids_of(const shm::Lane& lane) {
    std::set<std::uint64_t> ids;
    const auto* events = reinterpret_cast<const shm::Event*>(memory_of_ring + lane.first_offset);
    for (std::uint64_t i = 0; i < lane.head; ++i)
        ids.insert(events[i].id);
    return ids;
}
void all_recorded() {
    std::set<std::uint64_t> ids = ids_of(lanes()[0]);
    ids.merge(ids_of(lanes()[1]));
    require(ids.count(1) == 1 && ids.count(2) == 1, "an event was overwritten by a handler's");
    require(ids.size() == 3 || ids.size() == 2, "nothing else is there");
    // The handler runs or it doesn't; if it does, its event is there.
    require(ids.count(3) == 1 || !was_interrupted(0), "a handler's event was overwritten");
}

// Inside an append of the thread: a handler, and one that interrupts it, at a deeper place of the stack.
void begin_handlers() {
    begin_recording();
    thread_state.inside = 100;
}
void nest(std::uint64_t id, std::uintptr_t frame) {
    producer::record_nested(thread_state, frame,
                            shm::Event{1, id, shm::pack(shm::Operation::kAllocation, 1, 8), 0, 0});
}
void handle() { nest(2, 50); }
void handle_inside() { nest(3, 20); }
void all_handled() {
    const std::set<std::uint64_t> ids = ids_of(lanes()[1]);
    require(ids.count(2) == 1, "a handler's event was overwritten");
    const std::uint64_t lost = state.header().loss[TIDEMARK_LOSS_HANDLER].allocations;
    require(ids.count(3) + lost == (was_interrupted(0) ? 1 : 0),
            "the deeper one's event is there, or counted");
}

monitor::Shard shard;
std::uint64_t tracked;
void begin_tracking() {
    __libc_single_threaded = 1;
    share(&shard.lock, sizeof shard.lock);
    share(&is_inside, sizeof is_inside);
    share(&tracked, sizeof tracked);
}
void track() {
    const Inside inside(shard);
    ++tracked;
}
void track_in_handler() {
    if (is_inside) return;
    require(shard.lock.word_.load(std::memory_order_relaxed) == 0,
            "a handler never waits for what it interrupted");
    track();
}
void nothing() {}

}  // namespace

void add_handler_models(std::vector<Model>& all) {
    all.push_back({"append and a handler",
                   "that reports an event",
                   begin_recording,
                   {{record_one, false, -1, record_in_handler, 400}},
                   all_recorded});
    all.push_back({"handler and a deeper one",
                   "that reports an event",
                   begin_handlers,
                   {{handle, false, -1, handle_inside, 400}},
                   all_handled});
    all.push_back({"tracking and a handler",
                   "that tracks",
                   begin_tracking,
                   {{track, false, -1, track_in_handler, 100}},
                   nothing});
}

}  // namespace tidemark::model
