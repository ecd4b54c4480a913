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
constexpr std::uint32_t kGroup = 70;  // of the ring, where it is quiet
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
    // Of the news, the only word that anybody sets.
    share(&page, offsetof(shm::BellPage, slots) + offsetof(shm::BellSlot, news));
    share(&page.slots[0].news[kGroup / 64], sizeof(std::uint64_t));
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

// As Rota and Core::sleep: the ring falls quiet before each sleep, and is looked at again once it told of news.
bool is_watched;

void set_word(std::int32_t word) {
    __atomic_store_n(&header().consumer_slot, word, __ATOMIC_RELAXED);
}
bool has_news_told_of() {
    slots().take_news([](std::uint32_t, std::uint32_t group) {
        require(group == kGroup, "news of a group that has no ring");
        set_word(0);
        is_watched = true;
    });
    return is_watched && has_news();
}
// It fell quiet before, or will now.
void begin_quiet() {
    begin();
    is_watched = false;
    set_word(shm::quiet_word(0, kGroup));
}
void begin_watched() {
    begin();
    is_watched = true;
}
template <int rounds>
void collect_quietly() {
    for (int i = 0; i < rounds; ++i) {
        if (has_news_told_of()) drain();
        if (is_watched) set_word(shm::quiet_word(0, kGroup));
        slots().announce_waiting();
        if (has_news_told_of()) {
            set_word(0);
        } else {
            // What was told of is looked at until the next barrier; what was not needs no look.
            is_watched = !shm::is_quiet_word(shm::consumer_word(header()));
            while (!slots().sleep(1'000'000'000)) {
            }
        }
        slots().stop_waiting();
    }
    if (has_news_told_of()) drain();
}

// As enter_sandbox() of producer/start.cpp: the last bell of a program that will only be polled.
void ask_to_be_polled() {
    __atomic_store_n(&header().poll_me, 2u, __ATOMIC_RELAXED);
    producer::look_at_bell(header());
}
void fall_asleep_once() {
    const auto must_be_polled = [] {
        return __atomic_load_n(&header().poll_me, __ATOMIC_RELAXED) != 0;
    };
    if (is_watched && !must_be_polled()) set_word(shm::quiet_word(0, kGroup));
    slots().announce_waiting();
    const bool polls = (has_news_told_of(), is_watched) && must_be_polled();
    if (!polls)
        while (!slots().sleep(1'000'000'000)) {
        }
    slots().stop_waiting();
}
void nobody_unpolled_is_slept_through() {
    require(!is_asleep(0) || header().poll_me == 0, "asleep, and a ring that must be polled");
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
    all.push_back({"bell of a quiet ring",
                   "a publication, a collector that looks only when told",
                   begin_quiet,
                   {{collect_quietly<1>}, {publish_one<0>}},
                   nothing_slept_through});
    all.push_back({"bell of a ring that falls quiet",
                   "a publication, a collector that looks only when told, twice",
                   begin_watched,
                   {{collect_quietly<2>}, {publish_one<0>}},
                   nothing_slept_through});
    all.push_back({"bell of a ring that must be polled from now on",
                   "a program that enters a sandbox, a collector that lets it fall quiet",
                   begin_watched,
                   {{fall_asleep_once}, {ask_to_be_polled}},
                   nobody_unpolled_is_slept_through});
    all.push_back({"bell of a quiet ring that must be polled from now on",
                   "the same, of a ring that fell quiet before",
                   begin_quiet,
                   {{fall_asleep_once}, {ask_to_be_polled}},
                   nobody_unpolled_is_slept_through});
    all.push_back({"bell of a quiet ring whose teller dies",
                   "at any access, and a second one publishes",
                   begin_quiet,
                   {{collect_quietly<1>}, {publish_one<0>, true}, {publish_one<1>, false, 1}},
                   nothing_slept_through});
}

}  // namespace tidemark::model
