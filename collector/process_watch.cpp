// SPDX-License-Identifier: Apache-2.0
#include "collector/process_watch.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

bool has_ended(int pidfd) {
    pollfd state{pidfd, POLLIN, 0};
    return poll(&state, 1, 0) > 0;
}

}  // namespace

ProcessWatch::~ProcessWatch() {
    for (const auto& [pid, process] : processes_) {
        loop_.remove(process.pidfd);
        close(process.pidfd);
    }
}

void ProcessWatch::attached(std::uint64_t image, pid_t pid) {
    if (pid <= 0) return;
    const auto known = processes_.find(pid);
    if (known != processes_.end()) {
        if (!has_ended(known->second.pidfd)) {
            known->second.image = image;  // it executed another program
            return;
        }
        ended(pid);  // the number was given to another process
    }
    const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
    if (pidfd < 0 && errno == ESRCH) return door_.processes_ended({{image, {}}});
    if (pidfd >= 0 && loop_.add(pidfd, EPOLLIN, [this, pid](std::uint32_t) { ended(pid); })) {
        processes_[pid] = {pidfd, image};
        return;
    }
    missed(errno);
    if (pidfd >= 0) close(pidfd);
}

void ProcessWatch::ended(pid_t pid) {
    const auto found = processes_.find(pid);
    if (found == processes_.end()) return;
    const Process process = found->second;
    processes_.erase(found);
    loop_.remove(process.pidfd);
    const Ending ending = read_ending(process.pidfd, pid);
    close(process.pidfd);
    door_.processes_ended({{process.image, ending}});
}

void ProcessWatch::missed(int reason) {
    if (++unwatched_ > 1) return;
    log_warning(std::string("cannot watch a process by pidfd: ") + std::strerror(reason) +
                "; its end will be told by its ring (raise the limit of open files, LimitNOFILE, "
                "to avoid this)");
}

}  // namespace tidemark::collector
