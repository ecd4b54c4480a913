// SPDX-License-Identifier: Apache-2.0
//
// Reads the buffers of the process that is open, in a thread of its own: a large program has millions, and the screen
// goes on meanwhile. One reading at a time; its result is handed over to the thread that asked.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "viewers/model/filter.hpp"
#include "viewers/tui/world.hpp"

namespace tidemark::tui {

class BufferWork {
public:
    struct Result {
        std::uint64_t image = 0;
        std::uint64_t took_ns = 0;
        HeldBuffers buffers;
    };

    BufferWork();
    // Waits for a reading that is under way.
    ~BufferWork();
    BufferWork(const BufferWork&) = delete;
    BufferWork& operator=(const BufferWork&) = delete;

    // `one`: a snapshot with that process alone. Nothing is started while a result is outstanding.
    void start(model::Snapshot one, const model::Filter& filter, std::uint64_t image);
    bool is_busy() const { return thread_.joinable(); }

    // The result, once it is there.
    std::optional<Result> take();

    // Readable from then until take().
    int fd() const { return fd_; }

private:
    void hand_over(Result result);

    int fd_;
    std::thread thread_;
    std::mutex mutex_;
    std::optional<Result> result_;
};

}  // namespace tidemark::tui
