// SPDX-License-Identifier: Apache-2.0
#include "collector/ending.hpp"

#include <sys/ioctl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>

namespace tidemark::collector {
namespace {

// linux/pidfd.h, first published version; Debian 12's headers are older.
struct PidfdInfo {
    std::uint64_t mask;
    std::uint64_t cgroup;
    std::uint32_t ids[11];
    std::int32_t exit_code;  // a wait status
};
static_assert(sizeof(PidfdInfo) == 64 && offsetof(PidfdInfo, exit_code) == 60);
constexpr std::uint64_t kInfoExit = 1u << 3;
#define TIDEMARK_PIDFD_GET_INFO _IOWR(0xFF, 11, PidfdInfo)

std::optional<int> status_of_reaped(int pidfd) {
    PidfdInfo info{};
    info.mask = kInfoExit;
    if (ioctl(pidfd, TIDEMARK_PIDFD_GET_INFO, &info) != 0 || (info.mask & kInfoExit) == 0)
        return std::nullopt;
    return info.exit_code;
}

// Fields 3 and 52 of /proc/PID/stat, behind the name, which may hold anything.
std::optional<int> status_of_zombie(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text, '\0');
    const std::size_t end = text.rfind(") ");
    if (end == std::string::npos || text.size() < end + 3 || text[end + 2] != 'Z')
        return std::nullopt;
    const std::size_t last = text.find_last_of("0123456789");
    const std::size_t space = text.find_last_of(' ', last);
    if (last == std::string::npos || space == std::string::npos) return std::nullopt;
    return std::atoi(text.c_str() + space + 1);
}

}  // namespace

Ending ending_of_status(int wait_status) noexcept {
    if (WIFEXITED(wait_status)) return {TIDEMARK_ENDING_EXITED, WEXITSTATUS(wait_status)};
    if (!WIFSIGNALED(wait_status)) return {};
    switch (const int signal = WTERMSIG(wait_status)) {
        case SIGSEGV:
        case SIGBUS:
        case SIGILL:
        case SIGFPE:
        case SIGABRT:
        case SIGSYS:
        case SIGTRAP:
            return {TIDEMARK_ENDING_CRASHED, signal};
        default:
            return {TIDEMARK_ENDING_KILLED, signal};
    }
}

// Between the two looks its parent may take the status: the second order finds what the first missed.
Ending read_ending(int pidfd, pid_t pid) noexcept {
    try {
        if (const auto status = status_of_reaped(pidfd)) return ending_of_status(*status);
        if (const auto status = status_of_zombie(pid)) return ending_of_status(*status);
        if (const auto status = status_of_reaped(pidfd)) return ending_of_status(*status);
    } catch (...) {
        return {};  // no memory for a line of text
    }
    return {};
}

}  // namespace tidemark::collector
