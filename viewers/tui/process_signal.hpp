// SPDX-License-Identifier: Apache-2.0
//
// Sends a signal to the very process that was shown, or to none: a pid alone may be somebody else's by then.
#pragma once

#include <sys/types.h>
#include <cstdint>
#include <optional>
#include <string>

namespace tidemark::tui {

// Field 22 of /proc/PID/stat; nothing if there is no such process.
std::optional<std::uint64_t> start_ticks_of(pid_t pid);

// Holds the process by a pidfd, compares its start with `start_ticks`, and only then sends. Empty if it was sent, else
// why not, for people.
std::string send_signal(pid_t pid, std::uint64_t start_ticks, int signal);

}  // namespace tidemark::tui
