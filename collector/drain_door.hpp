// SPDX-License-Identifier: Apache-2.0
//
// What the cold side asks of the drain side, as few calls as it needs, so that its parts can be tested without rings.
// CoreDoor (core_door.hpp) is the one that the collector uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "collector/ending.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::collector {

struct RingNews {
    enum class Kind {
        kAppeared,  // tidemark.ring.<image> was renamed into place
        kReleased,  // somebody who had it open for writing let it go
    };
    Kind kind;
    std::string name;
};

struct FlushAnswer {
    std::uint64_t pass =
        0;  // number of the publication that covers what was published before the question
    std::size_t running = 0;  // images attached after it
};

struct EndedProcess {
    std::uint64_t image = 0;
    Ending ending;
    shm::LossCounter lost{};  // for want of space, by one that never had a ring; image is 0
};

class DrainDoor {
public:
    virtual ~DrainDoor() = default;

    // Any thread; done by the drain thread between two passes, in the order of the calls.
    virtual void rings(std::vector<RingNews> news) = 0;
    virtual void rescan() = 0;
    virtual void processes_ended(std::vector<EndedProcess> ended) = 0;
    // What tt-metal's shared regions say, all of it.
    virtual void regions(std::vector<tidemark_region_row> rows) = 0;
    virtual void leaks_recorded(std::vector<std::uint64_t> images) = 0;
    virtual void request_stop() = 0;

    // The event loop's thread, and answered there, later; never once the drain thread has ended.
    virtual void ask_running(std::function<void(std::size_t)> answer) = 0;
    virtual void ask_flush(std::function<void(FlushAnswer)> answer) = 0;
    virtual void ask_clean(std::function<void(std::vector<std::string>)> answer) = 0;
};

}  // namespace tidemark::collector
