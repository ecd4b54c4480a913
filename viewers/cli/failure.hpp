// SPDX-License-Identifier: Apache-2.0
//
// How a verb ends: the exit statuses that scripts rely on, and the one-line failure that main() prints.
#pragma once

#include <stdexcept>
#include <string>

namespace tidemark::cli {

inline constexpr int kOk = 0;
inline constexpr int kFindings = 1;     // a leak, a limit exceeded, a warning of doctor
inline constexpr int kUsage = 2;        // the command line is wrong
inline constexpr int kUnavailable = 3;  // no collector, no device, something broken
inline constexpr int kNotExecutable = 126;
inline constexpr int kNotFound = 127;

// Ends the verb. `what()` is one line without the program's name: what failed, on what, and what to do.
class Failure : public std::runtime_error {
public:
    Failure(int status, const std::string& text) : std::runtime_error(text), status_(status) {}
    int status() const { return status_; }

private:
    int status_;
};

[[noreturn]] inline void usage_error(const std::string& text) { throw Failure(kUsage, text); }
[[noreturn]] inline void unavailable(const std::string& text) { throw Failure(kUnavailable, text); }

}  // namespace tidemark::cli
