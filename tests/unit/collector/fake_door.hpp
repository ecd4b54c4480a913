// SPDX-License-Identifier: Apache-2.0
//
// A drain side without rings, for tests of the cold side: notes what it is told, answers what the test says.
#pragma once

#include <mutex>
#include <vector>

#include "collector/drain_door.hpp"
#include "collector/event_loop.hpp"

namespace tidemark::collector {

class FakeDoor : public DrainDoor {
public:
    explicit FakeDoor(EventLoop& loop) : loop_(loop) {}

    void rings(std::vector<RingNews> told) override {
        news.insert(news.end(), told.begin(), told.end());
        ++ring_calls;
    }
    void rescan() override { ++rescans; }
    void processes_ended(std::vector<EndedProcess> processes) override {
        for (const EndedProcess& process : processes) {
            ended.push_back(process.image);
            endings.push_back(process.ending);
        }
    }
    void regions(std::vector<tidemark_region_row> rows) override { region_rows = std::move(rows); }
    void leaks_recorded(std::vector<std::uint64_t>) override {}
    void request_stop() override {}
    void ask_running(std::function<void(std::size_t)> answer) override {
        if (mute) return;
        ++questions;
        loop_.post([this, answer] { answer(running); });
    }
    void ask_flush(std::function<void(FlushAnswer)> answer) override {
        if (mute) return;
        ++flushes;
        loop_.post([this, answer] { answer({pass, running}); });
    }
    void ask_clean(std::function<void(std::vector<std::string>)> answer) override {
        if (mute) return;
        loop_.post([this, answer] { answer(removed); });
    }

    // The event loop's thread, or while it does not run.
    std::vector<RingNews> news;
    std::vector<std::uint64_t> ended;
    std::vector<Ending> endings;  // of `ended`, in its order
    std::vector<std::string> removed;
    std::vector<tidemark_region_row> region_rows;
    std::uint64_t pass = 42;
    std::size_t running = 0;
    int ring_calls = 0;
    int rescans = 0;
    int questions = 0;
    int flushes = 0;
    bool mute = false;  // never answers

private:
    EventLoop& loop_;
};

}  // namespace tidemark::collector
