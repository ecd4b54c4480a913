// SPDX-License-Identifier: Apache-2.0
//
// One follower of events: the bounded text between the sink thread, which never waits for it, and the event loop,
// which sends it. What does not fit is counted and told where it is missing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "collector/event_text.hpp"

namespace tidemark::collector {

class Subscription {
public:
    static constexpr std::size_t kLimit = std::size_t{1}
                                          << 20;  // bytes of text that wait for the client

    // `wake` is called on the sink thread, at most once between two take(): text waits.
    Subscription(EventFilter filter, std::function<void()> wake)
        : filter_(std::move(filter)), wake_(std::move(wake)) {}

    // Sink thread. `line` is the record's text, with its newline.
    void offer(const SinkRecord& record, std::string_view line);
    void lost(std::uint64_t count);  // records that never reached the sinks
    void wake();                     // after a batch of the above

    // Event loop. What waits, with a line for what was dropped after it.
    std::string take();

private:
    const EventFilter filter_;
    const std::function<void()> wake_;
    std::mutex mutex_;
    std::string text_;           // under mutex_, as all below
    std::uint64_t dropped_ = 0;  // while not 0, nothing more is kept: its place must stay known
    bool woken_ = false;
};

}  // namespace tidemark::collector
