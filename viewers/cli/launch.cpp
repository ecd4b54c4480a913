// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/launch.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace tidemark::cli {
namespace {

[[noreturn]] void become(const std::vector<std::string>& words,
                         const std::function<void()>& prepare, int report) {
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (const std::string& word : words) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    prepare();
    ::execvp(arguments[0], arguments.data());
    const int error = errno;
    [[maybe_unused]] const ssize_t written = ::write(report, &error, sizeof error);
    ::_exit(127);
}

}  // namespace

Launched launch(const std::vector<std::string>& words, const std::function<void()>& prepare) {
    // Closed by a successful exec: end of file means that it runs.
    std::array<int, 2> report{};
    if (::pipe2(report.data(), O_CLOEXEC) != 0) {
        return {-1, errno};
    }
    const pid_t pid = ::fork();
    if (pid == 0) {
        become(words, prepare, report[1]);
    }
    const int fork_error = errno;
    ::close(report[1]);
    Launched launched{pid, pid < 0 ? fork_error : 0};
    if (pid > 0) {
        int error = 0;
        ssize_t got = 0;
        do {
            got = ::read(report[0], &error, sizeof error);
        } while (got < 0 && errno == EINTR);
        if (got == sizeof error) {
            launched.error = error;
            while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
            }
        }
    }
    ::close(report[0]);
    return launched;
}

int shell_status(int wait_status) {
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

}  // namespace tidemark::cli
