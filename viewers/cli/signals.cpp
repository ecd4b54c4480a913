// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/signals.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

namespace tidemark::cli {

RunSignals::RunSignals() {
    for (std::size_t i = 0; i < kChanged.size(); ++i) {
        struct sigaction action {};
        // SIGCHLD ignored, as some callers leave it, would take the child's status away from us.
        action.sa_handler = kChanged[i] == SIGCHLD ? SIG_DFL : SIG_IGN;
        sigaction(kChanged[i], &action, &before_[i]);
    }
    sigemptyset(&listened_);
    for (const int signal : {SIGCHLD, SIGTERM, SIGHUP}) {
        sigaddset(&listened_, signal);
    }
    sigprocmask(SIG_BLOCK, &listened_, &mask_before_);
    listen();
}

RunSignals::~RunSignals() {
    ::close(fd_);
    restore_for_child();
}

void RunSignals::listen() {
    // Given the descriptor it has, signalfd changes what that one reports.
    fd_ = signalfd(fd_, &listened_, SFD_CLOEXEC | SFD_NONBLOCK);
}

void RunSignals::restore_for_child() const {
    for (std::size_t i = 0; i < kChanged.size(); ++i) {
        sigaction(kChanged[i], &before_[i], nullptr);
    }
    sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

int RunSignals::take() {
    signalfd_siginfo info{};
    return ::read(fd_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

void RunSignals::command_ended() {
    // An interrupt that came while it was ignored is gone, as it should be: it was for the command.
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    sigaddset(&listened_, SIGINT);
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, nullptr);
    sigaction(SIGINT, &action, nullptr);
    listen();
}

}  // namespace tidemark::cli
