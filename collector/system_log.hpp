// SPDX-License-Identifier: Apache-2.0
//
// The system log's socket, for a collector in the background. syslog(3) waits for as long as nobody reads there; this
// refuses the line instead.
#pragma once

#include <string>
#include <string_view>

namespace tidemark::collector {

// One thread at a time.
class SystemLog {
public:
    explicit SystemLog(std::string path = "/dev/log") : path_(std::move(path)) {}
    ~SystemLog();
    SystemLog(const SystemLog&) = delete;
    SystemLog& operator=(const SystemLog&) = delete;

    // `priority`: facility and severity of syslog(3). False: nobody takes it now; the line is lost.
    bool send(int priority, std::string_view text);

private:
    bool connect();
    bool send_bytes(const std::string& message) const;

    std::string path_;
    int descriptor_ = -1;
};

}  // namespace tidemark::collector
