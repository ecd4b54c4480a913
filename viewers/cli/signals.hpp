// SPDX-License-Identifier: Apache-2.0
//
// Signals while a command of the user's runs: what the terminal sends reaches it directly and must not end us, what is
// sent to us is passed on, and the command itself starts with exactly what we were started with.
#pragma once

#include <signal.h>

#include <array>

namespace tidemark::cli {

class RunSignals {
public:
    RunSignals();
    ~RunSignals();
    RunSignals(const RunSignals&) = delete;
    RunSignals& operator=(const RunSignals&) = delete;

    // In the child, before exec: async-signal-safe.
    void restore_for_child() const;

    // Readable when SIGCHLD, SIGTERM or SIGHUP came, and, after the command ended, SIGINT.
    int fd() const { return fd_; }
    // The next signal that is pending, 0 if none.
    int take();
    // From now on an interrupt is for us.
    void command_ended();

private:
    static constexpr std::array<int, 4> kChanged = {SIGINT, SIGQUIT, SIGPIPE, SIGCHLD};

    void listen();

    sigset_t mask_before_{};
    sigset_t listened_{};
    std::array<struct sigaction, kChanged.size()> before_{};
    int fd_ = -1;
};

}  // namespace tidemark::cli
