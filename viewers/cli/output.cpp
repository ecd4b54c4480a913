// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "viewers/cli/failure.hpp"

namespace tidemark::cli {

Output Output::open(const std::optional<std::string>& path, bool force) {
    if (!path || *path == "-") {
        return {STDOUT_FILENO, "", false};
    }
    const int how = O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
    const int fd = ::open(path->c_str(), how, 0666);
    if (fd >= 0) {
        return {fd, *path, true};
    }
    if (errno == EEXIST) {
        usage_error("cannot write " + *path +
                    ": it exists already; name another file, or overwrite it with -f");
    }
    usage_error("cannot write " + *path + ": " + std::strerror(errno) +
                "; name a file that can be made");
}

Output Output::append(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) {
        usage_error("cannot append to " + path + ": " + std::strerror(errno) +
                    "; name a file that can be made");
    }
    return {fd, path, false};
}

Output Output::standard_error() { return {STDERR_FILENO, "", false}; }

Output::Output(Output&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), made_(other.made_) {}

Output::~Output() {
    if (fd_ >= 0 && !path_.empty()) {
        ::close(fd_);
    }
}

bool Output::is_empty_file() const {
    struct stat status {};
    return fstat(fd_, &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0;
}

int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return errno;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

void Output::fail(int problem) const {
    unavailable("cannot write " + (path_.empty() ? std::string("the output") : path_) + ": " +
                std::strerror(problem) + "; the result is not complete");
}

void Output::write(std::string_view text) {
    if (const int problem = write_all(fd_, text); problem != 0) {
        fail(problem);
    }
}

int Output::append_whole(std::string_view text) {
    struct stat before {};
    const bool is_file = fstat(fd_, &before) == 0 && S_ISREG(before.st_mode);
    const int problem = write_all(fd_, text);
    const bool may_pass = problem == ENOSPC || problem == EDQUOT || problem == EIO;
    if (problem != 0 && !(is_file && may_pass)) {
        fail(problem);
    }
    // What was written of it goes again.
    if (problem != 0 && ftruncate(fd_, before.st_size) != 0) {
        fail(errno);
    }
    return problem;
}

void Output::discard() {
    if (made_) {
        ::unlink(path_.c_str());
    }
}

}  // namespace tidemark::cli
