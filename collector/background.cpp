// SPDX-License-Identifier: Apache-2.0
#include "collector/background.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "collector/log.hpp"
#include "collector/notify.hpp"

namespace tidemark::collector {
namespace {

constexpr int kFailure = 3;

// On the pipe: one digit, the exit status; then the text, to the end.
std::string read_all(int descriptor) {
    std::string text;
    char bytes[4096];
    while (true) {
        const ssize_t size = read(descriptor, bytes, sizeof(bytes));
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return text;
        text.append(bytes, static_cast<std::size_t>(size));
    }
}

BackgroundStart fail_here(const char* what) {
    std::fprintf(stderr, "tidemarkd: cannot start in the background: %s: %s\n", what,
                 std::strerror(errno));
    return {false, -1, kFailure};
}

void to_null(int descriptor, int flags) {
    const int null = open("/dev/null", flags);
    if (null < 0 || null == descriptor) return;
    dup2(null, descriptor);
    close(null);
}

void close_range_of(int first, int last) {
    if (first <= last) syscall(SYS_close_range, first, last, 0);
}

// A daemon that holds a pipe of its starter keeps that pipe's reader waiting for ever.
void close_others(int one, int other) {
    const int low = std::min(one, other);
    const int high = std::max(one, other);
    close_range_of(3, low > 2 ? low - 1 : std::max(high - 1, 2));
    if (low > 2) close_range_of(low + 1, high - 1);
    close_range_of(std::max(high, 2) + 1, ~0U >> 1);
}

BackgroundStart wait_for_report(int descriptor, pid_t child) {
    const std::string report = read_all(descriptor);
    close(descriptor);
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (report.empty()) {
        std::fprintf(
            stderr,
            "tidemarkd: the collector ended before it was ready; the system log may say why\n");
        return {false, -1, kFailure};
    }
    const int status = report[0] - '0';
    std::fprintf(status == 0 ? stdout : stderr, "tidemarkd: %s\n", report.c_str() + 1);
    return {false, -1, status};
}

}  // namespace

int StartReport::succeeded(std::string_view text, bool tell_ready) {
    tell(0, text);
    if (tell_ready) {
        notify_service_manager("READY=1\nMAINPID=" + std::to_string(getpid()));
        write_and_close(ready_descriptor_, "ready");
        ready_descriptor_ = -1;
    }
    return 0;
}

int StartReport::failed(std::string_view text) {
    if (report_descriptor_ < 0) {
        log_error(text);
    } else {
        tell(kFailure, text);
    }
    return kFailure;
}

void StartReport::tell(int status, std::string_view text) {
    if (report_descriptor_ < 0) return;
    std::string report = std::to_string(status) + std::string(text);
    [[maybe_unused]] const ssize_t size = write(report_descriptor_, report.data(), report.size());
    close(report_descriptor_);
    report_descriptor_ = -1;
}

BackgroundStart start_in_background(int keep_descriptor) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return fail_here("pipe");
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child < 0) return fail_here("fork");
    if (child > 0) {
        close(ends[1]);
        if (keep_descriptor >= 0) close(keep_descriptor);
        return wait_for_report(ends[0], child);
    }
    close(ends[0]);
    setsid();
    // The second fork: a process that leads no session can't get a controlling terminal by opening one.
    const pid_t daemon = fork();
    if (daemon != 0) {
        if (daemon < 0)
            StartReport(-1, ends[1]).failed(std::string("fork: ") + std::strerror(errno));
        _exit(0);
    }
    to_null(STDIN_FILENO, O_RDONLY);
    to_null(STDOUT_FILENO, O_WRONLY);
    to_null(STDERR_FILENO, O_WRONLY);
    close_others(ends[1], keep_descriptor);
    if (chdir("/") != 0) log_warning("cannot change to /");
    return {true, ends[1], 0};
}

}  // namespace tidemark::collector
