// SPDX-License-Identifier: Apache-2.0
//
// Becoming a daemon: two forks and a session of its own, standard streams to /dev/null, and a pipe over which the
// daemon tells the process that a person started how it went.
#pragma once

#include <string>
#include <string_view>

namespace tidemark::collector {

// How a start went, told once: to the person's process (background) or on this one's own streams (foreground), and,
// if it went well, to the service manager and --ready-fd. The main thread only.
class StartReport {
public:
    // `report_descriptor`: the pipe to the person's process, or -1 in the foreground. Both are closed when told.
    StartReport(int ready_descriptor, int report_descriptor)
        : ready_descriptor_(ready_descriptor), report_descriptor_(report_descriptor) {}

    // Ready, or: one runs already. `text` without newline; shown in the background only. Returns 0.
    int succeeded(std::string_view text, bool tell_ready);
    // Returns 3.
    int failed(std::string_view text);

private:
    void tell(int status, std::string_view text);

    int ready_descriptor_;
    int report_descriptor_;
};

struct BackgroundStart {
    bool is_daemon = false;
    int report_descriptor = -1;  // daemon: for its StartReport
    int exit_status = 0;         // the person's process: it has printed what the daemon said
};

// Forks; returns in the daemon, which keeps `keep_descriptor` and the report but no other above 2, and in the person's
// process once the daemon has told how it went. Before any thread.
BackgroundStart start_in_background(int keep_descriptor);

}  // namespace tidemark::collector
