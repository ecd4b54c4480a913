// SPDX-License-Identifier: Apache-2.0
//
// The lane, both ends as they are: append and wrap, the consumer's copies and its tail, growth into a larger block;
// and the death of either side at any access. What the consumer commits is private here: that a
// commit is whole is the journal's model.
#include "models/parts.hpp"
#include "shm/lane_reader.hpp"
#include "shm/lane_writer.hpp"

namespace tidemark::model {
namespace {

using shm::Event;
using shm::Operation;

constexpr std::uint64_t kFirst = shm::kBlocksOffset, kSecond = kFirst + 128;
alignas(4096) std::byte ring[kSecond + 256];

shm::LaneWriter writer;
shm::LanePosition committed;
std::uint64_t taken[8];
unsigned taken_count, written;

shm::Lane& lane() { return *reinterpret_cast<shm::Lane*>(ring + shm::kLanesOffset); }

void begin_with(std::uint32_t capacity, std::uint32_t links) {
    share(ring, 1024);
    share(&lane(), sizeof(shm::Lane));
    share(ring + kFirst, 128 + 256);
    lane().first_offset = kFirst;
    lane().first_capacity = capacity;
    writer.begin(ring, lane(), kFirst, capacity, links);
    committed = {};
    taken_count = written = 0;
}
void begin_small() { begin_with(2, 3); }
void begin_growing() { begin_with(2, 2); }

// As producer/room.cpp does it, with blocks of two and four.
bool make_room() {
    for (;;) {
        const std::uint64_t head = writer.head();
        const std::uint64_t used = writer.look(head);
        if (writer.links < 3 && used + 1 == writer.capacity()) {
            writer.link(head, ring, kSecond, 4, 7);
            continue;
        }
        const std::uint64_t usable = writer.capacity() - (writer.links < 3 ? 1 : 0);
        writer.allow(head, used < usable ? usable - used : 0);
        return used < usable;
    }
}

void append(std::uint64_t id) {
    if (!writer.has_room(writer.head()) && !make_room()) return;
    writer.append(writer.head(), Event{id, id, shm::pack(Operation::kAllocation, 0, id), 0, 0});
    written = static_cast<unsigned>(id);
}

template <unsigned count>
void produce() {
    while (written < count) {
        const unsigned before = written;
        append(before + 1);
        if (written == before) give_up();  // full: what a wait ends with is another execution
    }
}

void drain_once() {
    shm::LaneReader reader(ring, sizeof ring, 0);
    reader.cursor = committed;
    const std::uint64_t head = reader.head();
    if (head == reader.cursor.position) return;
    require(reader.head_is_possible(head), "the head is possible");
    if (reader.cursor.block_offset == 0) require(reader.begin(), "the first block is possible");
    Event out[4];
    tidemark_quarantine fault = TIDEMARK_QUARANTINE_NONE;
    const std::size_t count = reader.take(head, out, 4, fault);
    require(fault == TIDEMARK_QUARANTINE_NONE, "a correct producer is not quarantined");
    for (std::size_t i = 0; i < count; ++i) {
        require(out[i].id == taken_count + 1, "each event once and in order");
        require(out[i].stamp == out[i].id && out[i].size() == out[i].id, "each event whole");
        taken[taken_count++] = out[i].id;
    }
    committed = reader.cursor;
    reader.release_space(committed.position);
    reader.mark_published(committed.position);
}
void drain_twice() {
    drain_once();
    drain_once();
}
void drain_thrice() {
    drain_twice();
    drain_once();
}

// What the threads left is taken afterwards, as a consumer would that comes later.
void nothing_lost() {
    while (committed.position != lane().head)
        drain_once();
    require(taken_count == written, "what was published, no more and no less");
}

void nothing() {}

}  // namespace

void add_lane_models(std::vector<Model>& all) {
    all.push_back({"lane",
                   "two slots, four events, three drains",
                   begin_small,
                   {{produce<4>}, {drain_thrice}},
                   nothing_lost});
    all.push_back({"lane that grows",
                   "a link to a larger block",
                   begin_growing,
                   {{produce<4>}, {drain_twice}},
                   nothing_lost});
    all.push_back({"lane whose consumer dies",
                   "at any access, and another goes on",
                   begin_small,
                   {{produce<3>}, {drain_twice, true}, {drain_twice, false, 1}},
                   nothing_lost});
    all.push_back({"lane whose producer dies",
                   "at any access, and the rest is drained",
                   begin_growing,
                   {{produce<3>, true}, {drain_twice}},
                   nothing_lost});
    all.push_back({"lane left in an append",
                   "and its next owner goes on",
                   begin_small,
                   {{produce<2>, true}, {drain_twice}, {produce<3>, false, 0}},
                   nothing_lost});
}

}  // namespace tidemark::model
