// SPDX-License-Identifier: Apache-2.0
//
// Promises 3 and 4 under weather: collectors and programs are killed and stopped at random while a generator works. At
// the end everything published equals the generator's own ledger, and of each killed program exactly what it recorded.
// TIDEMARK_SEED=<n> begins another storm, or one again; TIDEMARK_TORTURE=<minutes> makes it long.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "tests/kill/torture.hpp"
#include "tests/process/ledger_script.hpp"
#include "tests/process/ledger_world.hpp"
#include "tests/process/script_world.hpp"

using namespace tidemark::test;

namespace {

constexpr std::uint32_t kVictimDevice = 40;
constexpr std::uint64_t kVictimEvents =
    20'000;  // fewer than its ring holds: it never waits, and never loses
constexpr int kShortRounds = 10;

// A program that counts its events one by one until it is killed.
class Victim {
public:
    explicit Victim(const OwnInstance& instance) {
        pid_ = start({built("kill_subject"), std::to_string(ledger_.descriptor()),
                      "counted=" + std::to_string(kVictimEvents), "wait"},
                     instance.tracked());
    }
    ~Victim() { kill(); }
    Victim(const Victim&) = delete;
    Victim& operator=(const Victim&) = delete;

    pid_t pid() const { return pid_; }
    std::uint64_t told() const { return seen(ledger_->progress); }
    void signal(int number) const { ::kill(pid_, number); }
    void kill() {
        if (pid_ < 0) return;
        signal(SIGKILL);
        wait_until_ended(pid_);
        last_ = std::exchange(pid_, -1);
    }
    // Empty: it is published as exited, with what some prefix of its events comes to that ends where it died.
    std::string differences(const OwnInstance& instance) const {
        const auto reader = tidemark::StatsReader::open(instance.name());
        if (!reader) return "no stats segment";
        const auto row = row_where<tidemark_process_row>(
            *reader, [this](const auto& r) { return r.pid == last_; });
        const std::uint64_t told_last = told();
        // Killed before it had recorded anything, it may be unknown.
        if (!row) return told_last == 0 ? "" : "not published";
        Comparison c("victim: ");
        c.same("state", row->state, TIDEMARK_PROCESS_EXITED);
        c.same("exact", row->exact, 1);
        if (row->events != told_last && row->events != told_last + 1)
            c.same("events", row->events, told_last);
        if (row->events == 0) return c.text();
        const auto usage = row_where<tidemark_process_usage_row>(
            *reader, [&](const auto& r) { return r.image == row->image; });
        LedgerPage page{};
        page.image = row->image;
        for (const LedgerBuffer& buffer : script_buffers(row->events, kVictimDevice))
            page.buffers[page.buffer_count++] = buffer;
        return c.text() + usage_differences(usage, script_usage(row->events, kVictimDevice)) +
               buffer_differences(instance.name(), page);
    }

private:
    LedgerMemory ledger_;
    pid_t pid_ = -1, last_ = -1;
};

struct Counts {
    std::uint64_t collectors = 0, programs = 0, stops = 0;
};

class Storm {
public:
    Storm(const OwnInstance& instance, std::mt19937_64& random)
        : instance_(instance), random_(random), generator_(instance, 3, 4000, 0, 0) {
        replace_collector();
        generator_.run();
    }

    void round() {
        std::vector<std::unique_ptr<Victim>> victims;
        for (std::uint64_t i = 0; i < 2 + random_() % 8; ++i)
            victims.push_back(std::make_unique<Victim>(instance_));
        for (int strokes = 1 + static_cast<int>(random_() % 3); strokes > 0; --strokes)
            strike(*victims[random_() % victims.size()]);
        for (const auto& victim : victims) {
            victim->kill();
            ++counts.programs;
        }
        for (const auto& victim : victims) {
            std::string text;
            comes_true([&] { return (text = victim->differences(instance_)).empty(); });
            REQUIRE(text == "");
        }
    }

    void end() {
        REQUIRE(generator_.pause());
        REQUIRE(settled_but_victims(TIDEMARK_PROCESS_RUNNING) == "");
        CHECK(generator_.end() == 0);
        REQUIRE(settled_but_victims(TIDEMARK_PROCESS_EXITED) == "");
        const auto row = read_stats(instance_.name()).read<tidemark_collector_row>(0);
        REQUIRE(row);
        CHECK(row->audit_differences == 0);
        CHECK(row->rings_quarantined == 0);
        CHECK(row->restarts == counts.collectors);
    }

    Counts counts;

private:
    // A moment of work, then one of: a collector killed, killed while it recovers, stopped; a program stopped.
    void strike(const Victim& victim) {
        const std::uint64_t until = seen(generator_.page->progress) + random_() % 6000;
        const std::uint64_t victim_until = random_() % kVictimEvents;
        REQUIRE(comes_true([&] {
            return seen(generator_.page->progress) >= until || victim.told() >= victim_until;
        }));
        switch (random_() % 5) {
            case 0:
                ++counts.stops;
                victim.signal(SIGSTOP);
                replace_collector();
                return victim.signal(SIGCONT);
            case 1:
                ++counts.stops;
                collector_->signal(SIGSTOP);
                pass_some_time(victim);
                return collector_->signal(SIGCONT);
            case 2:
                ++counts.stops;
                ::kill(generator_.pid(), SIGSTOP);
                replace_collector();
                ::kill(generator_.pid(), SIGCONT);
                return;
            case 3:
                replace_collector();
                return replace_collector();
            default:
                return replace_collector();
        }
    }
    // Until the victim did some more, or all that it does.
    static void pass_some_time(const Victim& victim) {
        const std::uint64_t until = std::min(victim.told() + 3000, kVictimEvents);
        REQUIRE(comes_true([&] { return victim.told() >= until; }));
    }
    void replace_collector() {
        if (collector_) {
            collector_->kill();
            ++counts.collectors;
        }
        collector_ = std::make_unique<Collector>(instance_.name());
        REQUIRE(collector_->is_ready());
    }
    std::string settled_but_victims(tidemark_process_state state) {
        std::string text;
        comes_true([&] {
            const auto reader = tidemark::StatsReader::open(instance_.name());
            if (!reader) return false;
            text = process_differences(*reader, *generator_.page, state);
            if (state == TIDEMARK_PROCESS_RUNNING)
                text += device_differences(*reader, *generator_.page);
            text += buffer_differences(instance_.name(), *generator_.page);
            return text.empty();
        });
        return text;
    }

    const OwnInstance& instance_;
    std::mt19937_64& random_;
    Generator generator_;
    std::unique_ptr<Collector> collector_;
};

}  // namespace

TEST_CASE("after a storm of kills and stops everything is what it would have been without") {
    const Torture torture(20260901);
    MESSAGE("TIDEMARK_SEED=", torture.seed());
    std::mt19937_64 random(torture.seed());
    const OwnInstance instance;
    Storm storm(instance, random);
    for (int round = 0; round < kShortRounds || torture.goes_on(); ++round) {
        INFO("round ", round);
        storm.round();
    }
    storm.end();
    MESSAGE("killed: ", storm.counts.collectors, " collectors, ", storm.counts.programs,
            " programs; stopped: ", storm.counts.stops);
    CHECK(storm.counts.collectors > 0);
    CHECK(storm.counts.stops > 0);
}
