// SPDX-License-Identifier: Apache-2.0
//
// Threads of one program: the page lock, lanes that are claimed, left and taken over, the lane that threads share. The
// producer's own attach_thread against the collector's Ring.
#include <memory>

#include "producer/thread_lanes.cpp"

#include "collector/drain/ring.hpp"
#include "models/kernel.hpp"
#include "models/parts.hpp"
#include "models/process.hpp"

namespace tidemark::model {
namespace {

using collector::Ring;
using producer::process_page;
using producer::ProcessState;

std::unique_ptr<Ring> ring;
std::uint64_t flag;
unsigned appended;

void begin_threads(std::uint64_t room) {
    begin_with(room);
    share(&flag, sizeof flag);
    ring.reset(new Ring);
    appended = 0;
}
void begin_roomy() { begin_threads(8 * kPair); }

// An event as producer/record.cpp writes it, by a thread with the lane `pair`; it looks at the tail each time.
void append(shm::LaneWriter& lane) {
    lane.allow(lane.head(), lane.capacity() - lane.look(lane.head()));
    lane.append(lane.head(), 1, 1, shm::pack(shm::Operation::kAllocation, 0, 1), 0);
}
void append(producer::LanePair& pair) { append(pair.thread); }
void attach_and_append() {
    producer::ThreadState thread{};
    const producer::Attachment attachment = producer::attach_under_lock(thread);
    if (attachment.pair == nullptr) give_up();  // it was not patient enough: counted, as elsewhere
    if (!attachment.is_shared) return append(*attachment.pair);
    const producer::SharedLane owned(state);
    if (owned) append(*attachment.pair);
}
void consume() {
    for (shm::LaneReader& reader : ring->lanes()) {
        const std::uint64_t head = reader.head();
        if (head == 0) continue;
        require(reader.begin(), "who sees a lane finds its first block");
        shm::Event out[4];
        tidemark_quarantine fault = TIDEMARK_QUARANTINE_NONE;
        reader.take(head, out, 4, fault);
        require(fault == TIDEMARK_QUARANTINE_NONE, "a record that is published is complete");
    }
}
void see_lane() {
    for (shm::LaneReader& reader : ring->lanes())
        require(reader.begin(), "who sees a lane finds its first block");
}
void nothing() {}

// One thread ends; the kernel says that it is gone, which by itself orders nothing.
void append_and_end() {
    attach_and_append();
    append(state.lanes[0].handler);
    if (choose(2) != 0)
        append(state.lanes[0].thread);  // either lane may be the one that it used last
    __atomic_store_n(&flag, 1, __ATOMIC_RELAXED);
}
void take_over_lane() {
    if (__atomic_load_n(&flag, __ATOMIC_RELAXED) == 0) give_up();
    is_gone = [](int) { return true; };
    attach_and_append();
    append(state.lanes[0].handler);
    require(state.lanes_used == 1, "a lane that was left is taken over");
}

void goes_on() {
    const bool was_taken_over = flag == 1 && lanes()[1].head == 2;
    require(!was_taken_over || lanes()[0].head >= 2, "and goes on where it was");
}

// Room for the shared lane alone.
void begin_crowded() { begin_threads(kPair); }
void append_shared() {
    const producer::Attachment attachment =
        producer::shared_or(producer::current_state(), TIDEMARK_LOSS_NO_LANE);
    if (attachment.pair == nullptr) return;
    const producer::SharedLane owned(state);
    if (!owned) give_up();
    append(*attachment.pair);
    ++appended;
}
void claim_shared() {
    producer::ThreadState thread{};
    producer::attach_under_lock(thread);
}
void begin_shared() {
    begin_crowded();
    producer::ensure_shared_lane();
}
void shared_whole() {
    require(lanes()[0].head == appended, "each append to the shared lane stands");
}

}  // namespace

void add_thread_models(std::vector<Model>& all) {
    const Thread appending{attach_and_append, false, -1, nullptr, 100};
    const Thread sharing{append_shared, false, -1, nullptr, 26};
    all.push_back({"lane's claim",
                   "and the consumer",
                   begin_roomy,
                   {appending, {consume, false, -1, nullptr, 200}},
                   nothing});
    all.push_back(
        {"lane's descriptor", "and the consumer", begin_roomy, {appending, {see_lane}}, nothing});
    all.push_back({"page lock", "two claims", begin_roomy, {appending, appending}, nothing});
    all.push_back(
        {"lane taken over",
         "from a thread that ended",
         begin_roomy,
         {{append_and_end, false, -1, nullptr, 400}, {take_over_lane, false, -1, nullptr, 400}},
         goes_on});
    all.push_back({"shared lane", "two threads", begin_shared, {sharing, sharing}, shared_whole});
    all.push_back({"shared lane's claim",
                   "and a thread that finds it",
                   begin_crowded,
                   {{claim_shared, false, -1, nullptr, 100}, sharing},
                   nothing});
    all.push_back({"shared lane for a sandbox",
                   "and a thread that finds it",
                   begin_crowded,
                   {{producer::ensure_shared_lane, false, -1, nullptr, 100}, sharing},
                   nothing});
}

}  // namespace tidemark::model
