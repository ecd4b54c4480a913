// SPDX-License-Identifier: Apache-2.0
//
// Promise 4, both sides at once: a program is stopped before a store of its own with its lane empty, with one event,
// wrapping, one short of full or full; a collector that finds it so dies before a store of its own; its successor takes
// over; then the program is killed, or goes on to its end. Whatever happens, what is published is what was recorded.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <random>

#include "shm/kill_point.hpp"
#include "tests/kill/bell_page.hpp"
#include "tests/kill/pair_cases.hpp"
#include "tests/kill/subject_world.hpp"
#include "tests/kill/successors.hpp"
#include "tests/kill/torture.hpp"
#include "tests/private_shared_memory.hpp"

using namespace tidemark::test;

namespace {

struct Pair {
    std::string point;  // the producer's
    LaneState state;
    Death collector;
    bool goes_on;
    std::string text() const {
        return point + ", lane " + name_of(state) + ", collector dies at " + collector.armed() +
               (goes_on ? ", program goes on" : ", program is killed");
    }
};

// Records that a lane holds which nobody drains, its blocks all there: what `full` means.
std::uint64_t lane_capacity() {
    static const std::uint64_t capacity = [] {
        const OwnInstance instance;
        Subject subject(instance, {"events=60000", "arm=append.head:1:stop"});
        subject.wait();
        return ledger_of_rings(instance, subject.pid(), 0)->events;
    }();
    return capacity;
}

// A wrapping lane: a collector took all but so many of what it can hold, and twice as many follow.
constexpr std::uint64_t kBeforeTheEnd = 3000;
std::uint64_t taken_before(const LaneState state) {
    return state == LaneState::kWrapping ? lane_capacity() - kBeforeTheEnd : 0;
}

std::uint64_t events_of(LaneState state) {
    switch (state) {
        case LaneState::kEmpty:
            return 0;
        case LaneState::kOne:
            return 1;
        case LaneState::kWrapping:
            return taken_before(state);
        case LaneState::kOneShort:
            return lane_capacity() - 1;
        default:
            return lane_capacity();
    }
}

Words acts_of(const Pair& pair, const Operation& operation) {
    const std::uint64_t events = operation.events != 0 ? operation.events : events_of(pair.state);
    Words acts{"events=" + std::to_string(events)};
    if (pair.state == LaneState::kWrapping) acts.push_back("wait");
    if (pair.state == LaneState::kWrapping && !operation.wakes)
        acts.push_back("events=" + std::to_string(2 * kBeforeTheEnd));
    acts.insert(acts.end(), operation.before.begin(), operation.before.end());
    const bool in_child =
        operation.acts[0].rfind("child=", 0) == 0 || operation.acts[0].rfind("small=", 0) == 0;
    if (!in_child)
        acts.push_back("arm=" + pair.point + ":" + std::to_string(operation.count) + ":stop");
    acts.insert(acts.end(), operation.acts.begin(), operation.acts.end());
    if (in_child) acts.insert(acts.end(), {"arm=append.head:1:stop", "events=1"});
    acts.push_back("events=40");
    return acts;
}

// No bell page yet; or one which says that dead programs left more than the budget, since only then it is counted again.
void begin_bell_page(bool undrained) {
    forget_bell_page();
    if (!undrained) return;
    tidemark::shm::BellPage page{};
    page.undrained_bytes = std::uint64_t{1} << 40;
    std::ofstream(bell_path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(&page), sizeof page);
    chmod(bell_path().c_str(), 0600);
}

// A collector takes what is there, falls asleep, and is killed. It comes when all is there, so that the lane has grown
// as far as it can.
void take_and_die(const OwnInstance& instance, Subject& subject) {
    REQUIRE(comes_true([&] { return seen(subject.ledger->progress) == 1; }));
    Collector first(instance.name());
    REQUIRE(comes_true([&] {
        const auto reader = tidemark::StatsReader::open(instance.name());
        const auto row = reader ? reader->read<tidemark_collector_row>(0) : std::nullopt;
        return row && row->events == taken_before(LaneState::kWrapping) &&
               waiting_of(instance.name()) == tidemark::shm::kAsleep;
    }));
    first.kill();
    tell(subject.ledger->command, std::uint32_t{kLedgerRun});
}

std::vector<Death> deaths_of(const Pair& pair) {
    const std::string& point = pair.collector.point;
    if (point.rfind("recover.", 0) == 0 || point == "ledger.recoveries" ||
        point == "ledger.restarts")
        return {{"journal.in_place", 1 + pair.collector.count}, pair.collector, {point, 1}};
    return {pair.collector, {"recover.word", 1 + pair.collector.count % 7}};
}

std::string settled(const OwnInstance& instance, Successors& collectors, const LedgerPage& page,
                    tidemark_process_state state) {
    std::string text;
    comes_true([&] {
        collectors.replace_the_dead();
        return (text = subject_differences(instance.name(), page, state)).empty();
    });
    return text;
}

// Once it goes on it can lose more, and later frees find nothing: only the sum is known then.
std::string sum_after_loss(const OwnInstance& instance, Successors& collectors,
                           const LedgerPage& ledger) {
    std::string text;
    comes_true([&] {
        collectors.replace_the_dead();
        const auto reader = tidemark::StatsReader::open(instance.name());
        if (!reader) return false;
        const auto row = row_where<tidemark_process_row>(
            *reader, [&](const auto& r) { return r.image == ledger.image; });
        Comparison c("after loss: ");
        c.same("published and lost", row ? row->events + ledger.lost : 0, ledger.events);
        c.same("exact", row ? row->exact : 1, 0);
        return (text = c.text()).empty();
    });
    return text;
}

void end(const Pair& pair, const OwnInstance& instance, Subject& subject, Successors& collectors,
         const LedgerPage& at_stop) {
    if (!pair.goes_on) {
        subject.kill();
        REQUIRE(settled(instance, collectors, at_stop, TIDEMARK_PROCESS_EXITED) == "");
        return;
    }
    subject.go_on();
    REQUIRE(subject.wait() == 0);
    const LedgerPage& ledger = *subject.ledger;
    REQUIRE(ledger.paused == 1);
    if (ledger.lost == 0)
        REQUIRE(settled(instance, collectors, ledger, TIDEMARK_PROCESS_EXITED) == "");
    else
        REQUIRE(sum_after_loss(instance, collectors, ledger) == "");
}

struct Counts {
    Kills kills, went_on;
    std::uint64_t pairs = 0;
};

void run(const Pair& pair, Counts& counts) {
    INFO(pair.text());
    const Operation operation = operation_of(pair.point);
    REQUIRE_MESSAGE(!operation.acts.empty(), "no act is known that passes ", pair.point);
    const OwnInstance instance;
    begin_bell_page(pair.point == "bell.recount");
    Subject subject(instance, acts_of(pair, operation), operation.variables);
    if (pair.state == LaneState::kWrapping) take_and_die(instance, subject);
    REQUIRE(subject.is_stopped());
    const auto at_stop = ledger_of_rings(instance, subject.pid(), taken_before(pair.state));
    {
        Successors collectors(instance.name(), deaths_of(pair), counts.kills);
        REQUIRE(settled(instance, collectors, *at_stop, TIDEMARK_PROCESS_RUNNING) == "");
        end(pair, instance, subject, collectors, *at_stop);
        CHECK(comes_true([&] {
            collectors.replace_the_dead();
            return instance.rings().empty();
        }));
    }
    ++(pair.goes_on ? counts.went_on : counts.kills)[pair.point];
    ++counts.pairs;
}

// Each point of a program in each of its states, killed and going on in turn; the collector's points go round.
std::vector<Pair> selection(std::mt19937_64& random) {
    const auto drain = points_of_the_drain_side();
    const std::vector<std::string> collector(drain.begin(), drain.end());
    std::vector<Pair> pairs;
    std::size_t next = random() % collector.size();
    for (const std::string& point : points_of_the_producer_side()) {
        const auto states = operation_of(point).states;
        for (std::size_t i = 0; i < std::max<std::size_t>(states.size(), 2); ++i) {
            const Death death{collector[next++ % collector.size()], 1 + random() % 3};
            pairs.push_back({point, states.empty() ? LaneState::kEmpty : states[i % states.size()],
                             death, i % 2 == 1});
        }
    }
    return pairs;
}

// Every point of one side with every point of the other, in no order.
std::vector<Pair> all_pairs(std::mt19937_64& random) {
    std::vector<Pair> pairs;
    for (const std::string& point : points_of_the_producer_side())
        for (const std::string& collector : points_of_the_drain_side()) {
            const auto states = operation_of(point).states;
            pairs.push_back({point,
                             states[random() % states.size()],
                             {collector, 1 + random() % 5},
                             random() % 2 == 0});
        }
    std::shuffle(pairs.begin(), pairs.end(), random);
    return pairs;
}

}  // namespace

TEST_CASE("whichever stores both sides die before, what was recorded is what is published" *
          doctest::skip(!tidemark::shm::kKillPointsBuilt)) {
    REQUIRE(has_private_shared_memory());
    const Torture torture(11);
    MESSAGE("TIDEMARK_SEED=", torture.seed());
    std::mt19937_64 random(torture.seed());
    Counts counts;
    const char* only = std::getenv("TIDEMARK_ONLY_POINT");
    const auto run_all = [&](const std::vector<Pair>& pairs, auto goes_on) {
        for (const Pair& pair : pairs) {
            if (only != nullptr && pair.point != only) continue;
            if (!goes_on()) return;
            run(pair, counts);
        }
        MESSAGE("each of ", pairs.size(), " pairs ran");
    };
    run_all(selection(random), [] { return true; });
    while (torture.goes_on())
        run_all(all_pairs(random), [&] { return torture.goes_on(); });
    MESSAGE("pairs: ", counts.pairs, "\nkills:\n", listed(counts.kills), "stopped and went on:\n",
            listed(counts.went_on));
    if (only != nullptr) return;
    for (const std::string& point : points_of_the_producer_side()) {
        INFO(point);
        CHECK(counts.kills[point] > 0);
        CHECK(counts.went_on[point] > 0);
    }
}
