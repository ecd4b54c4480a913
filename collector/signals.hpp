// SPDX-License-Identifier: Apache-2.0
//
// What ends a collector from outside: SIGTERM and SIGINT, and for a private one the end of its parent. No handler runs
// anywhere: signals are blocked in every thread and read from a descriptor.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "collector/event_loop.hpp"

namespace tidemark::collector {

// First thing in the process that keeps running, before any thread: blocks SIGTERM and SIGINT, ignores SIGHUP,
// SIGPIPE and SIGXFSZ (a pipe or a file that is full is an error of write, not an end).
void prepare_signals() noexcept;

// Raises the soft limit of open files to the hard one: one descriptor a process is watched with.
void raise_descriptor_limit() noexcept;

// The event loop's thread only.
class EndWatch {
public:
    // `end` is called with what happened, more than once if it happens more than once.
    EndWatch(EventLoop& loop, std::function<void(const std::string& why)> end)
        : loop_(loop), end_(std::move(end)) {}
    ~EndWatch();
    EndWatch(const EndWatch&) = delete;
    EndWatch& operator=(const EndWatch&) = delete;

    [[nodiscard]] bool watch_signals(std::string& error);
    // `parent`: getppid() as early as possible. False if that process is gone already, or can't be watched.
    [[nodiscard]] bool watch_parent(pid_t parent, std::string& error);

private:
    void read_signals();

    EventLoop& loop_;
    const std::function<void(const std::string& why)> end_;
    int signals_ = -1;  // signalfd
    int parent_ = -1;   // pidfd
};

}  // namespace tidemark::collector
