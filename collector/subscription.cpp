// SPDX-License-Identifier: Apache-2.0
#include "collector/subscription.hpp"

namespace tidemark::collector {

void Subscription::offer(const SinkRecord& record, std::string_view line) {
    if (!filter_.wants(record)) return;
    const std::lock_guard lock(mutex_);
    if (dropped_ > 0 || text_.size() + line.size() > kLimit) {
        ++dropped_;
    } else {
        text_ += line;
    }
}

void Subscription::lost(std::uint64_t count) {
    const std::lock_guard lock(mutex_);
    dropped_ += count;
}

void Subscription::wake() {
    {
        const std::lock_guard lock(mutex_);
        if (woken_ || (text_.empty() && dropped_ == 0)) return;
        woken_ = true;
    }
    wake_();
}

std::string Subscription::take() {
    std::string result;
    const std::lock_guard lock(mutex_);
    result.swap(text_);
    if (dropped_ > 0) append_dropped(result, dropped_);
    dropped_ = 0;
    woken_ = false;
    return result;
}

}  // namespace tidemark::collector
