// SPDX-License-Identifier: Apache-2.0
#include "viewers/tui/process_signal.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace tidemark::tui {
namespace {

std::string failed(pid_t pid, int error) {
    const std::string who = "pid " + std::to_string(pid);
    if (error == ESRCH) return "nothing was sent: " + who + " ended";
    return "nothing was sent to " + who + ": " + std::strerror(error);
}

}  // namespace

std::optional<std::uint64_t> start_ticks_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    const auto behind_name = line.rfind(')');  // the name may hold anything
    if (behind_name == std::string::npos) return std::nullopt;
    std::istringstream fields(line.substr(behind_name + 1));
    std::string skipped;
    constexpr int kFirst = 3;  // the field behind the name
    for (int field = kFirst; field < 22; ++field)
        fields >> skipped;
    std::uint64_t ticks = 0;
    return fields >> ticks ? std::optional(ticks) : std::nullopt;
}

std::string send_signal(pid_t pid, std::uint64_t start_ticks, int signal) {
    const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (process < 0) return failed(pid, errno);
    // The pidfd means one process for good; if that is the one with our start, nobody can take its place any more.
    std::string problem;
    if (start_ticks == 0 || start_ticks_of(pid) != start_ticks) {
        problem = "nothing was sent: pid " + std::to_string(pid) + " is another process by now";
    } else if (::syscall(SYS_pidfd_send_signal, process, signal, nullptr, 0) != 0) {
        problem = failed(pid, errno);
    }
    ::close(process);
    return problem;
}

}  // namespace tidemark::tui
