// SPDX-License-Identifier: Apache-2.0
#include "collector/repeated_notice.hpp"

#include <utility>

namespace tidemark::collector {

RepeatedNotice::~RepeatedNotice() {
    loop_.cancel(timer_);
    sum_up();
}

void RepeatedNotice::tell(const std::string& line) {
    if (timer_ != 0) {
        ++counted_;
        last_ = line;
        return;
    }
    tell_(line);
    begin_interval();
}

// An interval in which there was something to count is followed by another.
void RepeatedNotice::begin_interval() {
    timer_ = loop_.after(interval_, [this] {
        timer_ = 0;
        if (counted_ == 0) return;
        sum_up();
        begin_interval();
    });
}

void RepeatedNotice::sum_up() {
    if (counted_ == 0) return;
    tell_(std::to_string(std::exchange(counted_, 0)) + " more " + what_ +
          " since, the last: " + last_);
}

}  // namespace tidemark::collector
