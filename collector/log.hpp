// SPDX-License-Identifier: Apache-2.0
//
// What the collector tells its operator: one line a message, to standard error, or to the system log when it runs in
// the background. Not for telemetry and not for loss, which are counted where they happen; a condition that can
// repeat is told once by who finds it. Own code, since a logging library would be the daemon's only one besides
// libstdc++.
#pragma once

#include <string_view>

namespace tidemark::collector {

enum class LogLevel : int { kError = 0, kWarning = 1, kNotice = 2, kInfo = 3, kDebug = 4 };

enum class LogTarget {
    kStandardError,  // "tidemarkd: text"; with the journal's "<N>" prefix where a service manager reads it
    kSystemLog,  // /dev/log, facility daemon
};

// Before other threads start. What is less urgent than `level` is left out; kNotice unless told.
void log_configure(LogTarget target, LogLevel level);

// Any thread. Never throws, never waits for a reader; a line that is not taken at once is lost, and counted in the next
// that is.
void log_message(LogLevel level, std::string_view text) noexcept;

inline void log_error(std::string_view text) noexcept { log_message(LogLevel::kError, text); }
inline void log_warning(std::string_view text) noexcept { log_message(LogLevel::kWarning, text); }
inline void log_notice(std::string_view text) noexcept { log_message(LogLevel::kNotice, text); }
inline void log_info(std::string_view text) noexcept { log_message(LogLevel::kInfo, text); }
inline void log_debug(std::string_view text) noexcept { log_message(LogLevel::kDebug, text); }

}  // namespace tidemark::collector
