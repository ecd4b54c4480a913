// SPDX-License-Identifier: Apache-2.0
//
// The directory watch: what happens to ring objects in /dev/shm, as inotify tells it. A ring is ready once it was
// renamed into place. It is released when the last mapping of somebody who had it open for writing goes (exec, exit,
// death): the descriptor is closed early, but the mapping keeps the open file, and that file's end is the event.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "collector/drain_door.hpp"
#include "collector/event_loop.hpp"

namespace tidemark::collector {

// The event loop's thread only.
class Watch {
public:
    // `lock_name`: the object of the instance lock; `lock_removed` is called when somebody unlinks it.
    Watch(EventLoop& loop, DrainDoor& door, std::string lock_name,
          std::function<void()> lock_removed)
        : loop_(loop),
          door_(door),
          lock_name_(std::move(lock_name)),
          lock_removed_(std::move(lock_removed)) {}
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // Before the core's first scan, so that nothing falls between the two. Where inotify can't be had, the directory
    // is scanned four times a second instead, and `warning` says why.
    void open(const std::string& directory, std::string& warning);

    // Hands over everything that inotify knows at this moment; what happened before the call is included.
    void look();

private:
    void take_events(std::vector<RingNews>& news, bool& overflow);
    void read_event(std::uint32_t mask, const std::string& name, std::vector<RingNews>& news);
    void tell_again(const std::vector<RingNews>& news);
    void scan_again();

    EventLoop& loop_;
    DrainDoor& door_;
    const std::string lock_name_;
    const std::function<void()> lock_removed_;
    int inotify_ = -1;
    std::vector<RingNews> released_;  // told once, to be told again
    EventLoop::Timer again_ = 0;
};

}  // namespace tidemark::collector
