// SPDX-License-Identifier: Apache-2.0
//
// The flags of tidemarkd as typed, with their help. What they mean together with environment and file is options.cpp's.
#pragma once

#include <optional>
#include <string>

namespace tidemark::collector {

// Flags as typed; what is not typed stays empty, so that file and environment can speak.
struct Flags {
    std::optional<std::string> instance, config, mode, group, event_log, leak_log, exited_grace,
        ready_fd, legacy_socket, legacy_grace, tracy_socket, tt_shm_root;
    bool background = false, foreground = false, status = false, stop = false, is_private = false,
         export_tt_shm = false;
    int quiet = 0, verbose = 0;
};

struct TypedFlags {
    Flags flags;
    std::string output;  // help or version: print it and go no further
    std::string error;   // one line without newline
};

TypedFlags read_flags(int argc, const char* const* argv);

}  // namespace tidemark::collector
