// SPDX-License-Identifier: Apache-2.0
//
// The main thread's loop: descriptors, timers, and tasks that other threads hand over. For the collector's cold side
// only; nothing here knows what the descriptors are.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tidemark::collector {

class EventLoop {
public:
    using Handler = std::function<void(std::uint32_t epoll_events)>;
    using Task = std::function<void()>;
    using Timer = std::uint64_t;  // 0: none

    EventLoop() = default;
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    // Before anything else.
    [[nodiscard]] bool open(std::string& error);

    // The loop's thread, or before run. The descriptor stays its caller's; remove it before closing it. A handler may
    // remove itself or others. False: errno tells.
    [[nodiscard]] bool add(int descriptor, std::uint32_t epoll_events, Handler handler);
    void change(int descriptor, std::uint32_t epoll_events);
    void remove(int descriptor);
    Timer after(std::chrono::milliseconds delay, Task task);
    void cancel(Timer timer);

    // Until stop; what was posted before stop is done.
    void run();

    // Any thread. Tasks run on the loop's thread in the order of posting.
    void post(Task task);
    void stop();

private:
    using Clock = std::chrono::steady_clock;
    struct Watched {
        int descriptor;
        Handler handler;
    };

    void run_tasks();
    void run_timers();
    int timeout_ms() const;
    void dispatch(std::uint64_t token, std::uint32_t epoll_events);

    int epoll_ = -1;
    int wake_ = -1;  // eventfd
    std::uint64_t next_token_ = 1;
    // Tokens are never used again, so that an event of a closed descriptor can't reach its successor.
    std::unordered_map<std::uint64_t, std::shared_ptr<Watched>> watched_;
    std::unordered_map<int, std::uint64_t> token_of_;
    std::map<std::pair<Clock::time_point, Timer>, Task> timers_;
    Timer next_timer_ = 1;
    bool running_ = false;  // loop's thread only

    std::mutex mutex_;
    std::vector<Task> tasks_;  // under mutex_
};

}  // namespace tidemark::collector
