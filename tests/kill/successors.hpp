// SPDX-License-Identifier: Apache-2.0
//
// The collectors of one instance, one after the other: each is armed with the next death of a list, and when it died
// the next one takes its place. Those after the last death live.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <utility>
#include <vector>

#include "tests/kill/points.hpp"
#include "tests/process/collector_process.hpp"

namespace tidemark::test {

class Successors {
public:
    Successors(std::string instance, std::vector<Death> deaths, Kills& kills, Words flags = {})
        : instance_(std::move(instance)),
          deaths_(std::move(deaths)),
          kills_(kills),
          flags_(std::move(flags)) {
        next();
    }

    // To be called while waiting for something.
    void replace_the_dead() {
        if (!now_->has_ended()) return;
        note_death();
        next();
    }
    // Asks the present one to stop, as a service manager does; it may die on the way.
    void stop() {
        now_->signal(SIGTERM);
        if (WIFSIGNALED(now_->wait())) note_death();
        next();
    }
    // Those that did not die yet did not reach their point; the figures are wanted from one that can't.
    void last() {
        replace_the_dead();
        now_->kill();
        now_ = std::make_unique<Collector>(instance_, flags_);
        REQUIRE(now_->is_ready());
    }
    Collector& now() { return *now_; }
    std::size_t died() const { return died_; }
    std::size_t started() const { return started_; }

private:
    void note_death() {
        const int status = now_->wait();
        REQUIRE(WIFSIGNALED(status));
        REQUIRE(WTERMSIG(status) == SIGKILL);
        REQUIRE(started_ <= deaths_.size());  // the others are not armed
        ++kills_[deaths_[started_ - 1].point];
        ++died_;
    }
    // A point before readiness is passed at once.
    void next() {
        Variables variables;
        if (started_ < deaths_.size()) variables["TIDEMARK_KILL_POINT"] = deaths_[started_].armed();
        ++started_;
        now_ = std::make_unique<Collector>(instance_, flags_, variables);
    }

    std::string instance_;
    std::vector<Death> deaths_;
    Kills& kills_;
    Words flags_;
    std::unique_ptr<Collector> now_;
    std::size_t started_ = 0, died_ = 0;
};

}  // namespace tidemark::test
