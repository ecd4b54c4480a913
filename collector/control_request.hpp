// SPDX-License-Identifier: Apache-2.0
//
// What a control client asks for, checked (docs/control-socket.md). Reading only; answering is control_session's work.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "collector/event_text.hpp"

namespace tidemark::collector {

struct ControlRequest {
    enum class Command { kStatus, kFlush, kSettle, kClean, kEvents, kStop };
    Command command = Command::kStatus;
    std::chrono::milliseconds timeout{10'000};  // settle only
    EventFilter filter;                         // events only
};

// `line` without its newline. False: `error` names the command or key and what is known.
[[nodiscard]] bool parse_control_request(std::string_view line, ControlRequest& request,
                                         std::string& error);

}  // namespace tidemark::collector
