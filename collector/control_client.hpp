// SPDX-License-Identifier: Apache-2.0
//
// Asking another collector over its control socket, for --status and --stop. Viewers have their own.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace tidemark::collector {

// Sends one request (JSON without newline) and returns the first line of the answer in `answer`. Any thread; waits at
// most `patience` in all. False: `error` says what was tried and why it failed.
[[nodiscard]] bool ask_control(const std::string& path, std::string_view request,
                               std::chrono::milliseconds patience, std::string& answer,
                               std::string& error);

}  // namespace tidemark::collector
