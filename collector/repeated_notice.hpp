// SPDX-License-Identifier: Apache-2.0
//
// A line that strangers can cause as often as they like: the first is told, those that follow within an interval are
// counted, and told as one at its end, so that nobody fills the log.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "collector/event_loop.hpp"

namespace tidemark::collector {

// The event loop's thread only.
class RepeatedNotice {
public:
    static constexpr std::chrono::milliseconds kInterval = std::chrono::seconds{10};
    using Tell = std::function<void(const std::string& line)>;

    // `what` completes "17 more ..., the last: ...".
    RepeatedNotice(EventLoop& loop, std::string what, Tell tell,
                   std::chrono::milliseconds interval = kInterval)
        : loop_(loop), what_(std::move(what)), tell_(std::move(tell)), interval_(interval) {}
    // What was only counted is told.
    ~RepeatedNotice();
    RepeatedNotice(const RepeatedNotice&) = delete;
    RepeatedNotice& operator=(const RepeatedNotice&) = delete;

    void tell(const std::string& line);

private:
    void begin_interval();
    void sum_up();

    EventLoop& loop_;
    std::string what_;
    Tell tell_;
    std::chrono::milliseconds interval_;
    EventLoop::Timer timer_ = 0;
    std::uint64_t counted_ = 0;
    std::string last_;
};

}  // namespace tidemark::collector
