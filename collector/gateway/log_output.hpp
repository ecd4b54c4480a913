// SPDX-License-Identifier: Apache-2.0
//
// Lines on their way to whoever reads them: nobody waits for him. What he doesn't take waits here, up to a bound; what
// comes then is dropped, and counted in the line that follows.
#pragma once

#include <cstdint>
#include <string>

#include "collector/event_loop.hpp"
#include "collector/unblocked_writer.hpp"

namespace tidemark::collector::gateway {

// The event loop's thread only.
class LogOutput {
public:
    static constexpr std::size_t kMostWaiting = std::size_t{1} << 20;  // bytes

    LogOutput(EventLoop& loop, int descriptor) : loop_(loop), writer_(descriptor) {}
    // What is taken without waiting is written yet.
    ~LogOutput();
    LogOutput(const LogOutput&) = delete;
    LogOutput& operator=(const LogOutput&) = delete;

    void line(const std::string& text);
    // One line of many: its text is made only if there is room, and write() is called after the last.
    template <class Text>
    void line_of(Text text) {
        if (waiting_.size() >= kAtOnce) write();
        if (waiting_.size() >= kMostWaiting)
            ++dropped_;
        else
            add(text());
    }
    void write();

private:
    static constexpr std::size_t kAtOnce = 4096;

    void add(const std::string& text);
    void write_some();
    void drop_all();

    EventLoop& loop_;
    UnblockedWriter writer_;
    std::string waiting_;
    std::uint64_t dropped_ = 0;
    EventLoop::Timer timer_ = 0;  // until it is tried again
};

}  // namespace tidemark::collector::gateway
