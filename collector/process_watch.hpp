// SPDX-License-Identifier: Apache-2.0
//
// Tells the drain side when the process of an attached image ends, by pidfd. One descriptor a process, whatever it
// executes: an image that ended by exec is told of by the directory watch (its ring is released), as is every process
// for which no descriptor could be had.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <unordered_map>

#include "collector/drain_door.hpp"
#include "collector/event_loop.hpp"

namespace tidemark::collector {

// The event loop's thread only.
class ProcessWatch {
public:
    ProcessWatch(EventLoop& loop, DrainDoor& door) : loop_(loop), door_(door) {}
    ~ProcessWatch();
    ProcessWatch(const ProcessWatch&) = delete;
    ProcessWatch& operator=(const ProcessWatch&) = delete;

    // The image's process as this collector's pid namespace knows it. One that is gone already is told at once.
    void attached(std::uint64_t image, pid_t pid);

    std::uint64_t unwatched() const noexcept {
        return unwatched_;
    }  // for want of descriptors, ever
    std::size_t watched() const noexcept { return processes_.size(); }

private:
    struct Process {
        int pidfd;
        std::uint64_t image;  // the one attached last
    };

    void ended(pid_t pid);
    void missed(int reason);

    EventLoop& loop_;
    DrainDoor& door_;
    std::unordered_map<pid_t, Process> processes_;
    std::uint64_t unwatched_ = 0;
};

}  // namespace tidemark::collector
