// SPDX-License-Identifier: Apache-2.0
#include "collector/log_file.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "collector/event_text.hpp"
#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

constexpr std::size_t kBufferSize = std::size_t{64} << 10;
constexpr int kSlowReaderMs = 1000;  // how long a pipe that is full may hold the sink thread up

// Where everybody may make files, somebody else's file or link under our name is a trap: what is written there, other
// users' buffers too, is its owner's to read. Before it is opened (-1), and again after. Empty: it is none.
std::string objection(const std::string& path, int descriptor) {
    constexpr mode_t kEverybodys = S_ISVTX | S_IWOTH;
    struct stat there {};
    struct stat opened {};
    struct stat folder {};
    const std::string parent = path.substr(0, path.rfind('/') + 1);
    if (stat(parent.empty() ? "." : parent.c_str(), &folder) != 0) return std::strerror(errno);
    if ((folder.st_mode & kEverybodys) != kEverybodys) return {};
    if (lstat(path.c_str(), &there) != 0) return descriptor < 0 ? "" : "it was removed meanwhile";
    if (there.st_uid != geteuid() && there.st_uid != 0)
        return "uid " + std::to_string(there.st_uid) + " made it";
    if (descriptor < 0 || S_ISLNK(there.st_mode)) return {};
    const bool same = fstat(descriptor, &opened) == 0 && there.st_ino == opened.st_ino &&
                      there.st_dev == opened.st_dev;
    return same ? "" : "it was replaced meanwhile";
}

std::uint64_t lines_of(std::string_view text) {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

LogFile::~LogFile() {
    if (descriptor_ < 0) return;
    flush();
    close(descriptor_);
}

bool LogFile::open(const std::string& path, std::string& error) {
    path_ = path;
    const auto failed = [&](const std::string& reason) {
        if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
        error = "cannot open " + what_ + " " + path + ": " + reason;
        return false;
    };
    constexpr char kElsewhere[] = "; choose another place";
    if (const std::string reason = objection(path, -1); !reason.empty())
        return failed(reason + kElsewhere);
    // Not blocking, so that a pipe without a reader is an error here and a slow one can't hold the end up.
    descriptor_ = ::open(path.c_str(),
                         O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (descriptor_ < 0)
        return failed(std::strerror(errno) +
                      std::string(errno == ENXIO ? "; nobody reads that pipe" : kElsewhere));
    const std::string reason = objection(path, descriptor_);
    return reason.empty() || failed(reason + kElsewhere);
}

void LogFile::append(std::string_view line) {
    if (descriptor_ < 0) return;
    buffer_ += line;
    if (buffer_.size() >= kBufferSize) flush();
}

void LogFile::flush() {
    if (descriptor_ < 0 || buffer_.empty()) return;
    std::string text;
    begin_again(text);
    const std::size_t marks = text.size();
    text += buffer_;
    buffer_.clear();
    std::string_view rest = text;
    while (!rest.empty()) {
        if (write_some(rest)) continue;
        const int reason = errno;
        const std::size_t written = text.size() - rest.size();
        if (written > 0) torn_ = text[written - 1] != '\n';
        failed(written < marks ? std::string_view(text).substr(marks) : rest, reason);
        return;
    }
    torn_ = false;
    if (unmarked_ == 0) return;
    log_notice(what_ + " " + path_ + " can be written again; " + std::to_string(unmarked_) +
               " lines were lost");
    unmarked_ = 0;
}

// After a failure: ends the torn line and says how many are missing.
void LogFile::begin_again(std::string& text) {
    if (torn_) text += '\n';
    if (unmarked_ > 0) append_dropped(text, unmarked_);
}

bool LogFile::write_some(std::string_view& rest) {
    const ssize_t written = write(descriptor_, rest.data(), rest.size());
    if (written > 0) {
        rest.remove_prefix(static_cast<std::size_t>(written));
        return true;
    }
    if (written == 0) errno = ENOSPC;
    if (errno == EINTR) return true;
    if (errno != EAGAIN) return false;
    pollfd ready{descriptor_, POLLOUT, 0};
    if (poll(&ready, 1, kSlowReaderMs) != 0) return true;
    errno = EAGAIN;
    return false;
}

void LogFile::failed(std::string_view rest, int reason) {
    if (unmarked_ == 0) {
        log_error("cannot write " + what_ + " " + path_ + ": " + std::strerror(reason) +
                  "; lines are lost and counted until it can be written again");
    }
    const std::uint64_t count = lines_of(rest);
    lost_ += count;
    unmarked_ += count;
}

}  // namespace tidemark::collector
