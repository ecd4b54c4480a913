// SPDX-License-Identifier: Apache-2.0
//
// A service manager's watchdog (sd_watchdog_enabled(3): WATCHDOG_USEC, WATCHDOG_PID): it is told that the collector is
// well only if the drain thread has just answered, so that a collector whose loop turns but which drains nothing is
// restarted. Its accounts outlive that. For the event loop's thread.
#pragma once

#include <chrono>
#include <functional>

#include "collector/event_loop.hpp"

namespace tidemark::collector {

// How often the service manager wants to hear from this process; 0: not at all.
std::chrono::microseconds watchdog_period() noexcept;

class Watchdog {
public:
    // Runs what it is given on the drain thread.
    using Ask = std::function<void(std::function<void()> answer)>;

    Watchdog(EventLoop& loop, Ask ask) : loop_(loop), ask_(std::move(ask)) {}
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    // Asks from now on, twice in each `period`; does nothing for 0.
    void start(std::chrono::microseconds period);

private:
    void look();

    EventLoop& loop_;
    const Ask ask_;
    std::chrono::milliseconds pause_{0};
    EventLoop::Timer timer_ = 0;
    bool asked_ = false;  // and not answered yet
};

}  // namespace tidemark::collector
