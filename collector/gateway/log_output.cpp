// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/log_output.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace tidemark::collector::gateway {
namespace {

constexpr std::chrono::milliseconds kRetry{20};

}  // namespace

LogOutput::~LogOutput() {
    write_some();
    loop_.cancel(timer_);
}

void LogOutput::line(const std::string& text) {
    line_of([&] { return text; });
    write();
}

void LogOutput::write() {
    if (timer_ == 0) write_some();
}

void LogOutput::add(const std::string& text) {
    if (dropped_ != 0) {
        waiting_ += "(" + std::to_string(dropped_) + " lines were dropped: nobody read them)\n";
        dropped_ = 0;
    }
    waiting_ += text + "\n";
}

// Nobody is there any more, or the disk is full.
void LogOutput::drop_all() {
    dropped_ += static_cast<std::uint64_t>(std::count(waiting_.begin(), waiting_.end(), '\n'));
    waiting_.clear();
}

// What the descriptor takes without blocking; the rest is tried again later.
void LogOutput::write_some() {
    std::size_t done = 0;
    while (done < waiting_.size()) {
        const std::size_t part = std::min(kAtOnce, waiting_.size() - done);
        const ssize_t written = writer_.write(waiting_.data() + done, part);
        if (written < 0 && (errno == EAGAIN || errno == EINTR)) break;
        if (written <= 0) return drop_all();
        done += static_cast<std::size_t>(written);
    }
    waiting_.erase(0, done);
    if (waiting_.empty() || timer_ != 0) return;
    timer_ = loop_.after(kRetry, [this] {
        timer_ = 0;
        write_some();
    });
}

}  // namespace tidemark::collector::gateway
