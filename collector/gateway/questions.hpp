// SPDX-License-Identifier: Apache-2.0
//
// What clients ask. Everything that was received before a question is in its answer, so it waits for a publication; one
// serves all who ask meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "collector/drain_door.hpp"
#include "collector/event_loop.hpp"
#include "collector/gateway/connection.hpp"
#include "collector/gateway/published_figures.hpp"

namespace tidemark::collector::gateway {

// The event loop's thread only.
class Questions {
public:
    // `is_crowded`: something that was received waits for room in a ring.
    Questions(EventLoop& loop, DrainDoor& door, PublishedFigures& figures,
              std::function<bool()> is_crowded)
        : loop_(loop), door_(door), figures_(figures), is_crowded_(std::move(is_crowded)) {}
    Questions(const Questions&) = delete;
    Questions& operator=(const Questions&) = delete;

    void ask(Connection& connection, FrameType answer, std::int32_t device);
    // What it left is told of twice until the next publication.
    void client_ended() noexcept { ++ends_; }

private:
    struct Question {
        std::weak_ptr<Connection> who;
        FrameType answer;
        std::int32_t device;
        std::uint64_t since_ns;  // CLOCK_MONOTONIC
    };
    using List = std::vector<Question>;

    void answer_all();
    void published(List asked, std::uint64_t ends_before);
    void ask_again(List asked, std::chrono::milliseconds pause);

    EventLoop& loop_;
    DrainDoor& door_;
    PublishedFigures& figures_;
    std::function<bool()> is_crowded_;
    List questions_;
    std::uint64_t ends_ = 0;  // of clients
    bool is_flushing_ = false;
};

}  // namespace tidemark::collector::gateway
