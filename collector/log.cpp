// SPDX-License-Identifier: Apache-2.0
//
// One write a line, so that lines of several threads never mix. Neither the drain thread nor the event loop may wait for
// somebody who doesn't read: a line that isn't taken at once is counted, and told of by the next that is.
#include "collector/log.hpp"

#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include "collector/plain_text.hpp"
#include "collector/system_log.hpp"
#include "collector/unblocked_writer.hpp"

namespace tidemark::collector {
namespace {

std::atomic<LogTarget> target{LogTarget::kStandardError};
std::atomic<LogLevel> level_limit{LogLevel::kNotice};
std::atomic<bool> journal{false};

std::mutex writing;  // what follows; nobody waits while holding it
std::unique_ptr<UnblockedWriter> standard_error;
std::unique_ptr<SystemLog> system_log;
std::uint64_t dropped = 0;
bool is_torn = false;  // the last line was not taken to its end

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

bool write_line(const std::string& line) {
    if (!standard_error) standard_error = std::make_unique<UnblockedWriter>(STDERR_FILENO);
    const std::string text = is_torn ? "\n" + line : line;
    const ssize_t written = standard_error->write(text.data(), text.size());
    if (written <= 0) return false;
    is_torn = static_cast<std::size_t>(written) < text.size();
    return !is_torn;
}

bool put(LogLevel level, std::string_view text) {
    if (target.load(std::memory_order_relaxed) == LogTarget::kSystemLog) {
        if (!system_log) system_log = std::make_unique<SystemLog>();
        return system_log->send(LOG_DAEMON | syslog_priority(level), text);
    }
    std::string line;
    if (journal) line += "<" + std::to_string(syslog_priority(level)) + ">";
    return write_line(line.append("tidemarkd: ").append(word(level)).append(text).append("\n"));
}

}  // namespace

void log_configure(LogTarget new_target, LogLevel level) {
    target = new_target;
    level_limit = level;
    journal = new_target == LogTarget::kStandardError && standard_error_is_journal();
    standard_error.reset();
    system_log.reset();
}

void log_message(LogLevel level, std::string_view text) noexcept {
    if (level > level_limit.load(std::memory_order_relaxed)) return;
    const int saved = errno;
    try {
        const std::lock_guard lock(writing);
        if (dropped != 0 &&
            put(LogLevel::kWarning, std::to_string(dropped) + " lines were lost: nobody took them"))
            dropped = 0;
        if (!put(level, plain_text(text))) ++dropped;
    } catch (...) {  // no memory for the line: it is lost
    }
    errno = saved;
}

}  // namespace tidemark::collector
