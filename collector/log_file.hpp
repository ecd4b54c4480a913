// SPDX-License-Identifier: Apache-2.0
//
// A file of JSON lines that only grows: the event log, the leak log. It may fail (disk full, reader gone): lines are
// then lost, counted, told once, and marked where they are missing; whoever writes goes on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tidemark::collector {

// One thread at a time.
class LogFile {
public:
    // `what` names it in messages: "event log".
    explicit LogFile(std::string what) : what_(std::move(what)) {}
    ~LogFile();
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    // Appends to what is there; makes it with mode 0600, since it holds addresses of other people's programs.
    [[nodiscard]] bool open(const std::string& path, std::string& error);
    explicit operator bool() const noexcept { return descriptor_ >= 0; }

    // A line with its newline. Buffered until flush, or until 64 KiB wait.
    void append(std::string_view line);
    void flush();
    // Lines that could not be written, ever.
    std::uint64_t lost() const noexcept { return lost_; }

private:
    bool write_some(std::string_view& rest);
    void begin_again(std::string& text);
    void failed(std::string_view rest, int reason);

    const std::string what_;
    std::string path_;
    int descriptor_ = -1;
    std::string buffer_;
    std::uint64_t lost_ = 0;
    std::uint64_t unmarked_ = 0;  // lost since the last line that was written
    bool torn_ = false;           // the file ends within a line
};

}  // namespace tidemark::collector
