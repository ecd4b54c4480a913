// SPDX-License-Identifier: Apache-2.0
#include "collector/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tidemark::collector {
namespace {

constexpr std::uint64_t kWakeToken = 0;

int control(int epoll, int operation, int descriptor, std::uint32_t events, std::uint64_t token) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = token;
    return epoll_ctl(epoll, operation, descriptor, &event);
}

}  // namespace

EventLoop::~EventLoop() {
    if (epoll_ >= 0) close(epoll_);
    if (wake_ >= 0) close(wake_);
}

bool EventLoop::open(std::string& error) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (epoll_ >= 0 && wake_ >= 0 &&
        control(epoll_, EPOLL_CTL_ADD, wake_, EPOLLIN, kWakeToken) == 0)
        return true;
    error = std::string("cannot make an event loop (epoll, eventfd): ") + std::strerror(errno) +
            "; raise the limit of open files";
    return false;
}

bool EventLoop::add(int descriptor, std::uint32_t epoll_events, Handler handler) {
    const std::uint64_t token = next_token_++;
    if (control(epoll_, EPOLL_CTL_ADD, descriptor, epoll_events, token) != 0) return false;
    watched_[token] = std::make_shared<Watched>(Watched{descriptor, std::move(handler)});
    token_of_[descriptor] = token;
    return true;
}

void EventLoop::change(int descriptor, std::uint32_t epoll_events) {
    const auto found = token_of_.find(descriptor);
    if (found != token_of_.end())
        control(epoll_, EPOLL_CTL_MOD, descriptor, epoll_events, found->second);
}

void EventLoop::remove(int descriptor) {
    const auto found = token_of_.find(descriptor);
    if (found == token_of_.end()) return;
    control(epoll_, EPOLL_CTL_DEL, descriptor, 0, 0);
    watched_.erase(found->second);
    token_of_.erase(found);
}

EventLoop::Timer EventLoop::after(std::chrono::milliseconds delay, Task task) {
    const Timer timer = next_timer_++;
    timers_.emplace(std::pair{Clock::now() + delay, timer}, std::move(task));
    return timer;
}

void EventLoop::cancel(Timer timer) {
    if (timer == 0) return;
    std::erase_if(timers_, [timer](const auto& entry) { return entry.first.second == timer; });
}

void EventLoop::post(Task task) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = tasks_.empty();
        tasks_.push_back(std::move(task));
    }
    const std::uint64_t one = 1;
    // Fails only with the counter at its end, and then the loop is awake anyway.
    if (first) [[maybe_unused]]
        const ssize_t written = write(wake_, &one, sizeof(one));
}

void EventLoop::stop() {
    post([this] { running_ = false; });
}

void EventLoop::run_tasks() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = read(wake_, &count, sizeof(count));
    std::vector<Task> tasks;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(tasks_);
    }
    for (const Task& task : tasks)
        task();
}

void EventLoop::run_timers() {
    const auto now = Clock::now();
    while (!timers_.empty() && timers_.begin()->first.first <= now) {
        const Task task = std::move(timers_.begin()->second);
        timers_.erase(timers_.begin());
        task();
    }
}

int EventLoop::timeout_ms() const {
    if (timers_.empty()) return -1;
    const auto left = timers_.begin()->first.first - Clock::now();
    const auto rounded = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::clamp<std::int64_t>(rounded, 0, 3'600'000));
}

void EventLoop::dispatch(std::uint64_t token, std::uint32_t epoll_events) {
    if (token == kWakeToken) return run_tasks();
    const auto found = watched_.find(token);
    if (found == watched_.end()) return;  // removed by a handler of the same round
    const std::shared_ptr<Watched> alive = found->second;
    alive->handler(epoll_events);
}

void EventLoop::run() {
    running_ = true;
    while (running_) {
        epoll_event events[64];
        const int count = epoll_wait(epoll_, events, 64, timeout_ms());
        for (int i = 0; i < count; ++i)
            dispatch(events[i].data.u64, events[i].events);
        run_timers();
    }
}

}  // namespace tidemark::collector
