// SPDX-License-Identifier: Apache-2.0
//
// Promise 4, between any two stores: a collector that dies at a named point, and its successor that dies while it
// recovers, leave what the next one needs to publish exactly the ledger's figures. The points are those that the
// sources name.
#include <doctest/doctest.h>

#include <random>

#include "shm/kill_point.hpp"
#include "tests/process/kill_point_names.hpp"
#include "tests/process/ledger_world.hpp"

using namespace tidemark::test;

namespace {

constexpr int kChildren = 3;

// One point of the list, reached for the count-th time.
struct Death {
    std::string point;
    std::uint64_t count;
    Variables armed() const {
        return {{"TIDEMARK_KILL_POINT", point + ":" + std::to_string(count)}};
    }
};

bool is_of_recovery(const std::string& point) {
    return point.rfind("recover.", 0) == 0 || point == "ledger.recoveries" ||
           point == "ledger.restarts";
}

// Runs one generator from its first event to its end under collectors that die as told, one after the other.
class Life {
public:
    explicit Life(std::vector<Death> deaths) : deaths_(std::move(deaths)) {}

    void run() {
        next();
        Generator generator(instance_, 2, 1500, 6000, kChildren);
        generator.run();
        REQUIRE(comes_true([&] {
            replace_the_dead();
            return generator.is_paused() && children_are_retired();
        }));
        last();
        REQUIRE(settled(instance_.name(), *generator.page) == "");
        CHECK(generator.end() == 0);
        REQUIRE(settled(instance_.name(), *generator.page, TIDEMARK_PROCESS_EXITED) == "");
    }
    std::size_t died() const { return died_; }

private:
    // So that the points of an image's end are passed while the collector is armed.
    bool children_are_retired() const {
        const auto reader = tidemark::StatsReader::open(instance_.name());
        const auto row = reader ? reader->read<tidemark_collector_row>(0) : std::nullopt;
        return row && row->processes_seen == 1 + kChildren && row->processes_running == 1;
    }
    void replace_the_dead() {
        if (!collector_->has_ended()) return;
        CHECK(WTERMSIG(collector_->wait()) == SIGKILL);
        ++died_;
        next();
    }
    // A point before readiness is passed at once; whoever comes after the last death lives.
    void next() {
        const bool dies = started_ < deaths_.size();
        const Variables variables = dies ? deaths_[started_].armed() : Variables{};
        ++started_;
        collector_ = std::make_unique<Collector>(instance_.name(), Words{}, variables);
    }
    // Those that did not die yet were not reached; the figures are wanted from one that can't.
    void last() {
        collector_->kill();
        collector_ = std::make_unique<Collector>(instance_.name());
        REQUIRE(collector_->is_ready());
    }

    std::vector<Death> deaths_;
    OwnInstance instance_;
    std::unique_ptr<Collector> collector_;
    std::size_t started_ = 0, died_ = 0;
};

std::vector<Death> deaths_at(const std::string& point, std::uint64_t count) {
    if (is_of_recovery(point))
        return {{"journal.in_place", 300 + count}, {point, count}, {point, 1}};
    return {{point, count}, {"recover.word", count % 40 + 1}};
}

// One at least of each kind: this load would prove little without them.
constexpr const char* kAlwaysReached[] = {
    "account.magic", "drain.tail",   "journal.commit", "journal.in_place",   "latch.word",
    "ledger.row",    "recover.word", "stats.in_place", "retire.unlink_ring", "table.refill"};

}  // namespace

TEST_CASE("a collector killed before any store of the drain side leaves what its successor needs" *
          doctest::skip(!tidemark::shm::kKillPointsBuilt)) {
    std::mt19937 random(7);
    std::set<std::string> missed;
    const char* only = std::getenv("TIDEMARK_ONLY_POINT");
    for (const std::string& point : points_of_the_drain_side()) {
        if (only != nullptr && point != only) continue;
        bool reached = false;
        for (const std::uint64_t most : {1u, 20u, 600u}) {
            const std::uint64_t count = most == 1 ? 1 : 2 + random() % most;
            if (most != 1 && !reached) break;
            CAPTURE(point);
            CAPTURE(count);
            Life life(deaths_at(point, count));
            life.run();
            reached |= life.died() > (is_of_recovery(point) ? 1 : 0);
        }
        if (!reached) missed.insert(point);
    }
    std::string names;
    for (const std::string& point : missed)
        names += point + " ";
    MESSAGE("not reached by this load: ", names);
    for (const char* point : kAlwaysReached)
        CHECK(missed.count(point) == 0);
}
