// SPDX-License-Identifier: Apache-2.0
#include "collector/signals.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace tidemark::collector {
namespace {

sigset_t ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

}  // namespace

void prepare_signals() noexcept {
    const sigset_t set = ending_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    for (const int number : {SIGHUP, SIGPIPE, SIGXFSZ})
        std::signal(number, SIG_IGN);
}

void raise_descriptor_limit() noexcept {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

EndWatch::~EndWatch() {
    for (const int descriptor : {signals_, parent_}) {
        if (descriptor < 0) continue;
        loop_.remove(descriptor);
        close(descriptor);
    }
}

bool EndWatch::watch_signals(std::string& error) {
    const sigset_t set = ending_signals();
    signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals_ >= 0 && loop_.add(signals_, EPOLLIN, [this](std::uint32_t) { read_signals(); }))
        return true;
    error = std::string("cannot listen to signals (signalfd): ") + std::strerror(errno) +
            "; raise the limit of open files";
    return false;
}

void EndWatch::read_signals() {
    signalfd_siginfo info{};
    while (read(signals_, &info, sizeof(info)) == static_cast<ssize_t>(sizeof(info))) {
        end_(info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
    }
}

bool EndWatch::watch_parent(pid_t parent, std::string& error) {
    parent_ = static_cast<int>(syscall(SYS_pidfd_open, parent, 0));
    const int reason = errno;
    // Asked after the descriptor is held: a parent that ended before has been replaced by then.
    if (getppid() != parent || (parent_ < 0 && reason == ESRCH)) {
        error = "the program that started this private collector has ended already";
        return false;
    }
    const auto ended = [this](std::uint32_t) {
        loop_.remove(parent_);  // it stays readable
        end_("the end of its parent");
    };
    if (parent_ >= 0 && loop_.add(parent_, EPOLLIN, ended)) return true;
    error = "cannot watch process " + std::to_string(parent) +
            ", which started this private collector: " + std::strerror(reason);
    return false;
}

}  // namespace tidemark::collector
