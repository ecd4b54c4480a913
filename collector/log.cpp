// SPDX-License-Identifier: Apache-2.0
//
// One write(2) a line, so that lines of several threads never mix.
#include "collector/log.hpp"

#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace tidemark::collector {
namespace {

std::atomic<LogTarget> target{LogTarget::kStandardError};
std::atomic<LogLevel> level_limit{LogLevel::kNotice};
std::atomic<bool> journal{false};

int syslog_priority(LogLevel level) {
    switch (level) {
        case LogLevel::kError:
            return LOG_ERR;
        case LogLevel::kWarning:
            return LOG_WARNING;
        case LogLevel::kNotice:
            return LOG_NOTICE;
        case LogLevel::kInfo:
            return LOG_INFO;
        case LogLevel::kDebug:
            break;
    }
    return LOG_DEBUG;
}

const char* word(LogLevel level) {
    if (level == LogLevel::kError) return "error: ";
    return level == LogLevel::kWarning ? "warning: " : "";
}

// systemd sets JOURNAL_STREAM=device:inode of the stream that it gave as standard error (systemd.exec(5)).
bool standard_error_is_journal() {
    const char* stream = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    if (stream == nullptr || fstat(STDERR_FILENO, &status) != 0) return false;
    return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino) == stream;
}

void write_line(const std::string& line) {
    const char* from = line.data();
    std::size_t left = line.size();
    while (left > 0) {
        const ssize_t written = write(STDERR_FILENO, from, left);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        from += written;
        left -= static_cast<std::size_t>(written);
    }
}

}  // namespace

void log_configure(LogTarget new_target, LogLevel level) {
    target = new_target;
    level_limit = level;
    journal = new_target == LogTarget::kStandardError && standard_error_is_journal();
    if (new_target == LogTarget::kSystemLog) openlog("tidemarkd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

void log_message(LogLevel level, std::string_view text) noexcept {
    if (level > level_limit.load(std::memory_order_relaxed)) return;
    const int saved = errno;
    try {
        if (target.load(std::memory_order_relaxed) == LogTarget::kSystemLog) {
            syslog(syslog_priority(level), "%.*s", static_cast<int>(text.size()), text.data());
        } else {
            std::string line;
            if (journal) line += "<" + std::to_string(syslog_priority(level)) + ">";
            line.append("tidemarkd: ").append(word(level)).append(text).append("\n");
            write_line(line);
        }
    } catch (...) {  // no memory for the line: it is lost
    }
    errno = saved;
}

}  // namespace tidemark::collector
