// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/private_collector.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "viewers/cli/control_client.hpp"
#include "viewers/cli/launch.hpp"
#include "viewers/cli/programs.hpp"
#include "viewers/model/names.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::cli {
namespace {

constexpr std::int64_t kStopMs = 5000;
constexpr std::int64_t kTermMs = 2000;
constexpr std::size_t kLastWords = 512;

// As long each time, whatever the number of this process: a program's environment is part of what it allocates, and two
// runs of one that does the same are to show the same figures. Seven digits: PID_MAX_LIMIT is 4,194,304.
std::string new_instance() {
    std::uint32_t random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random) {
        random = static_cast<std::uint32_t>(model::monotonic_now_ns());
    }
    std::array<char, 48> name{};
    std::snprintf(name.data(), name.size(), "run-%07d-%08x", static_cast<int>(getpid()), random);
    return name.data();
}

}  // namespace

PrivateCollector::PrivateCollector(const RunSignals& signals)
    : signals_(signals), instance_(new_instance()) {
    log_fd_ = memfd_create("tidemarkd-log", MFD_CLOEXEC);
}

PrivateCollector::~PrivateCollector() {
    if (running()) {
        ::kill(pid_, SIGTERM);
        if (!wait_end(kTermMs)) {
            ::kill(pid_, SIGKILL);
            wait_end(kTermMs);
            died_ = true;
        }
    }
    if (died_) {
        remove_objects();
    }
    for (const int fd : {ready_fd_, log_fd_}) {
        if (fd >= 0) {
            ::close(fd);
        }
    }
}

bool PrivateCollector::launch() {
    const Found program = find_collector();
    if (program.path.empty()) {
        error_ = program.error;
        return false;
    }
    std::array<int, 2> ready{};
    if (::pipe2(ready.data(), O_CLOEXEC) != 0) {
        error_ = std::strerror(errno);
        return false;
    }
    const std::vector<std::string> words = {
        program.path,   "--instance", instance_,    "--private",
        "--foreground", "-q",         "--ready-fd", std::to_string(ready[1])};
    const Launched launched = cli::launch(words, [&] {
        signals_.restore_for_child();
        // Away from the terminal: its interrupt is for the command, and what is in the rings must still be counted.
        ::setsid();
        for (const char* name :
             {"TIDEMARK_INSTANCE", "TIDEMARK_ENABLED", "TT_ALLOC_TRACKING_ENABLED", "LD_PRELOAD"}) {
            ::unsetenv(name);
        }
        const int null = ::open("/dev/null", O_RDWR);
        ::dup2(null, STDIN_FILENO);
        ::dup2(null, STDOUT_FILENO);
        ::dup2(log_fd_, STDERR_FILENO);
        ::fcntl(ready[1], F_SETFD, 0);
    });
    ::close(ready[1]);
    if (ready_fd_ >= 0) {
        ::close(ready_fd_);
    }
    ready_fd_ = ready[0];
    ready_ = false;
    pid_ = launched.error == 0 ? launched.pid : -1;
    if (pid_ < 0) {
        error_ = program.path + ": " + std::strerror(launched.error);
    }
    return pid_ > 0;
}

bool PrivateCollector::start(std::int64_t timeout_ms) { return launch() && wait_ready(timeout_ms); }

bool PrivateCollector::launch_again() {
    ++restarts_;
    return launch();
}

bool PrivateCollector::wait_ready(std::int64_t timeout_ms) {
    if (ready_) {
        return true;
    }
    pollfd poll_fd{ready_fd_, POLLIN, 0};
    int ready = 0;
    do {
        ready = ::poll(&poll_fd, 1, static_cast<int>(timeout_ms));
    } while (ready < 0 && errno == EINTR);
    char byte = 0;
    ready_ = ready > 0 && ::read(ready_fd_, &byte, 1) == 1;
    if (ready_) {
        return true;
    }
    if (ready > 0) {
        wait_end(kTermMs);
    }
    error_ = running() ? "tidemarkd was not ready after " + std::to_string(timeout_ms / 1000) + " s"
                       : "tidemarkd " + ending();
    return false;
}

bool PrivateCollector::wait_end(std::int64_t timeout_ms) {
    const std::uint64_t begun = model::monotonic_now_ns();
    while (running()) {
        if (model::monotonic_now_ns() - begun >
            static_cast<std::uint64_t>(timeout_ms) * 1'000'000) {
            return false;
        }
        ::usleep(1000);
    }
    return true;
}

bool PrivateCollector::running() {
    if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) {
        pid_ = -1;
        died_ = died_ || !WIFEXITED(status_) || WEXITSTATUS(status_) != 0;
    }
    return pid_ > 0;
}

std::string PrivateCollector::ending() const {
    if (WIFSIGNALED(status_)) {
        return "was killed by signal " + std::to_string(WTERMSIG(status_));
    }
    const std::string words = last_words();
    return "ended with status " + std::to_string(WEXITSTATUS(status_)) +
           (words.empty() ? "" : ": " + words);
}

// The last line that it wrote to its standard error.
std::string PrivateCollector::last_words() const {
    const off_t size = ::lseek(log_fd_, 0, SEEK_CUR);
    std::array<char, kLastWords> text{};
    const off_t from = std::max<off_t>(0, size - static_cast<off_t>(text.size()));
    const ssize_t got = ::pread(log_fd_, text.data(), text.size(), from);
    std::string words(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    while (!words.empty() && words.back() == '\n') {
        words.pop_back();
    }
    return words.substr(words.rfind('\n') == std::string::npos ? 0 : words.rfind('\n') + 1);
}

void PrivateCollector::stop(const std::string& control_socket) {
    if (!running()) {
        return;
    }
    std::string error;
    if (!ask(control_socket, {{"command", "stop"}}, kStopMs, error)) {
        ::kill(pid_, SIGTERM);
    }
    wait_end(kStopMs);
}

// After a death in the middle nobody else does: the name is random, so all of it is ours.
void PrivateCollector::remove_objects() const {
    const std::string prefix = "tidemark." + instance_ + ".";
    DIR* folder = ::opendir(model::kShmDirectory);
    if (folder == nullptr) {
        return;
    }
    while (const dirent* entry = ::readdir(folder)) {
        if (std::string_view(entry->d_name).starts_with(prefix)) {
            ::unlinkat(::dirfd(folder), entry->d_name, 0);
        }
    }
    ::closedir(folder);
}

}  // namespace tidemark::cli
