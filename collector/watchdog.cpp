// SPDX-License-Identifier: Apache-2.0
#include "collector/watchdog.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "collector/notify.hpp"

namespace tidemark::collector {
namespace {

// The variable's number; -1 if there is none.
long long number_of(const char* variable) noexcept {
    const char* text = std::getenv(variable);
    if (text == nullptr) return -1;
    long long number = -1;
    const char* end = text + std::strlen(text);
    return std::from_chars(text, end, number).ptr == end ? number : -1;
}

}  // namespace

std::chrono::microseconds watchdog_period() noexcept {
    const long long period = number_of("WATCHDOG_USEC");
    const bool is_ours =
        std::getenv("WATCHDOG_PID") == nullptr || number_of("WATCHDOG_PID") == getpid();
    return std::chrono::microseconds(is_ours && period > 0 ? period : 0);
}

Watchdog::~Watchdog() {
    if (timer_ != 0) loop_.cancel(timer_);
}

void Watchdog::start(std::chrono::microseconds period) {
    if (period.count() == 0) return;
    pause_ = std::max(std::chrono::duration_cast<std::chrono::milliseconds>(period / 2),
                      std::chrono::milliseconds(1));
    look();
}

void Watchdog::look() {
    timer_ = loop_.after(pause_, [this] { look(); });
    if (asked_) return;
    asked_ = true;
    ask_([this] {
        loop_.post([this] {
            asked_ = false;
            notify_service_manager("WATCHDOG=1");
        });
    });
}

}  // namespace tidemark::collector
