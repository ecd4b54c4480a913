// SPDX-License-Identifier: Apache-2.0
//
// The bell: producers that publish and look whether the collector sleeps, a collector that announces its sleep and
// looks once more. Whoever is asleep at the end has taken everything that was published.
#include <new>

#include "models/kernel.hpp"
#include "models/parts.hpp"
#include "producer/hot.hpp"
#include "shm/bell_slots.hpp"
#include "shm/lane_reader.hpp"
#include "shm/lane_writer.hpp"

namespace tidemark::model {
namespace {

constexpr int kProducers = 2;
alignas(4096) std::byte ring[shm::kBlocksOffset + 1024];
shm::BellPage page;
shm::LaneWriter writers[kProducers];
std::uint64_t taken[kProducers];
alignas(shm::BellSlots) std::byte slots_memory[sizeof(shm::BellSlots)];

shm::RingHeader& header() { return *reinterpret_cast<shm::RingHeader*>(ring); }
shm::Lane& lane(int i) { return reinterpret_cast<shm::Lane*>(ring + shm::kLanesOffset)[i]; }
shm::BellSlots& slots() { return *reinterpret_cast<shm::BellSlots*>(slots_memory); }

void begin() {
    static bool was_made = false;
    if (was_made) slots().~BellSlots();
    was_made = true;
    share(&page, 128 + sizeof(shm::BellSlot));
    share(ring, sizeof(shm::RingHeader));
    share(&lane(0), kProducers * sizeof(shm::Lane));
    share(ring + shm::kBlocksOffset, 256);
    shm::model_segment = reinterpret_cast<std::byte*>(&page);
    shm::model_segment_bytes = sizeof page;
    producer::inherited.bell = &page;
    for (int i = 0; i < kProducers; ++i) {
        writers[i].begin(ring, lane(i), shm::kBlocksOffset + 128ull * i, 4, 3);
        writers[i].allow(0, 4);
        taken[i] = 0;
    }
    new (slots_memory) shm::BellSlots("model", 1);
    header().consumer_slot = slots().slot_for(0);
}

// As producer/record.cpp ends an append.
void publish(int i, std::uint64_t id) {
    writers[i].append(writers[i].head(), id, id, 1, 0);
    producer::look_at_bell(header());
}
template <int i>
void publish_one() {
    publish(i, 1);
}
void publish_two() {
    publish(0, 1);
    publish(0, 2);
}

// As Ring::has_news and Core::sleep in collector/drain.
bool has_news() {
    for (int i = 0; i < kProducers; ++i)
        if (shm::LaneReader(ring, sizeof ring, static_cast<std::uint32_t>(i)).head() != taken[i])
            return true;
    return false;
}
void drain() {
    for (int i = 0; i < kProducers; ++i)
        taken[i] = shm::LaneReader(ring, sizeof ring, static_cast<std::uint32_t>(i)).head();
}
template <int rounds>
void collect() {
    for (int i = 0; i < rounds; ++i) {
        drain();
        slots().announce_waiting();
        if (!has_news())
            while (!slots().sleep(1'000'000'000)) {
            }
        slots().stop_waiting();
    }
    drain();
}

// The collector is the first thread. A ringer that was killed after it took the word and before the wake leaves it 0:
// then the sleep ends with the heartbeat, and its end finds that somebody rang.
void nothing_slept_through() {
    const bool will_notice = was_killed(1) && page.slots[0].waiting == 0;
    for (int i = 0; i < kProducers && !will_notice; ++i)
        require(!is_asleep(0) || taken[i] == lane(i).head,
                "asleep, with a record published that nobody took");
}

}  // namespace

void add_bell_models(std::vector<Model>& all) {
    all.push_back({"bell",
                   "two publications, a collector that sleeps",
                   begin,
                   {{collect<2>}, {publish_two}},
                   nothing_slept_through});
    all.push_back({"bell of two",
                   "two producers, a collector that sleeps",
                   begin,
                   {{collect<1>}, {publish_one<0>}, {publish_one<1>}},
                   nothing_slept_through});
    all.push_back({"bell whose ringer dies",
                   "at any access, and a second one publishes",
                   begin,
                   {{collect<1>}, {publish_one<0>, true}, {publish_one<1>, false, 1}},
                   nothing_slept_through});
}

}  // namespace tidemark::model
