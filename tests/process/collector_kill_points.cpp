// SPDX-License-Identifier: Apache-2.0
//
// Promise 4, between any two stores: a collector that dies at a named point, and its successor that dies while it
// recovers, leave what the next one needs to publish exactly the ledger's figures. The points are those that the
// sources name.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>

#include "shm/kill_point.hpp"
#include "tests/process/ledger_world.hpp"

using namespace tidemark::test;

namespace {

// The text between the first two quotation marks after each macro's name.
std::set<std::string> points_in(const std::string& path) {
    std::ifstream file(path);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    std::set<std::string> names;
    for (const std::string macro : {"TIDEMARK_SHARED_STORE(", "TIDEMARK_KILL_POINT("}) {
        for (auto at = text.find(macro); at != std::string::npos; at = text.find(macro, at + 1)) {
            const auto begin = text.find_first_not_of(" \n", at + macro.size());
            if (begin == std::string::npos || text[begin] != '"') continue;
            names.insert(text.substr(begin + 1, text.find('"', begin + 1) - begin - 1));
        }
    }
    return names;
}

std::set<std::string> points_of_the_drain_side() {
    const std::string root = std::getenv("TIDEMARK_SOURCE_DIR");
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root + "/collector"))
        if (entry.is_regular_file()) names.merge(points_in(entry.path()));
    for (const char* file : {"latch.hpp", "stats_words.hpp", "lane_reader.hpp", "bell_slots.cpp"})
        names.merge(points_in(root + "/shm/" + file));
    return names;
}

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
        Generator generator(instance_, 2, 1500, 6000, 3);
        generator.run();
        REQUIRE(comes_true([&] {
            replace_the_dead();
            return generator.is_paused();
        }));
        last();
        CHECK(settled(instance_.name(), *generator.page) == "");
        CHECK(generator.end() == 0);
        CHECK(settled(instance_.name(), *generator.page, TIDEMARK_PROCESS_EXITED) == "");
    }
    std::size_t died() const { return died_; }

private:
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

#ifdef TIDEMARK_KILL_POINTS
constexpr bool kBuilt = true;
#else
constexpr bool kBuilt = false;
#endif

}  // namespace

TEST_CASE("a collector killed before any store of the drain side leaves what its successor needs" *
          doctest::skip(!kBuilt)) {
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
