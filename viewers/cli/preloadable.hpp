// SPDX-License-Identifier: Apache-2.0
//
// Whether a program can be tracked by a preloaded library at all. Asked only to explain why a run has no figures: a
// static program can't be, one that merely allocated nothing can.
#pragma once

#include <string>

namespace tidemark::cli {

enum class Preloadable {
    kYes,
    kStatic,      // no dynamic linker, so nothing can be preloaded
    kPrivileged,  // setuid or setgid: the linker ignores LD_PRELOAD
    kUnknown      // not found, not readable, or not for this machine
};

// `command` as execvp would find it; a script counts as its interpreter.
Preloadable preloadable(const std::string& command);

}  // namespace tidemark::cli
