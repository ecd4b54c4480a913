// SPDX-License-Identifier: Apache-2.0
//
// The client's end of the control socket (docs/control-socket.md): one request, answers line by line. For what needs
// the collector to act; figures come from the stats segment.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace tidemark::cli {

class ControlClient {
public:
    // Nothing on failure, with `error` as the reason.
    static std::optional<ControlClient> connect(const std::string& path, std::string& error);

    ControlClient(ControlClient&& other) noexcept;
    ControlClient& operator=(ControlClient&&) = delete;
    ControlClient(const ControlClient&) = delete;
    ControlClient& operator=(const ControlClient&) = delete;
    ~ControlClient();

    // False if the collector is gone.
    bool send(const nlohmann::ordered_json& request);

    enum class Read { kLine, kTimeout, kInterrupted, kClosed };
    // The next line into `line`. `timeout_ms` < 0: for ever. Ends early when `interrupt_fd` (if not -1) is readable.
    Read read_line(std::string& line, std::int64_t timeout_ms, int interrupt_fd = -1);

    // Whether read_line() would return at once.
    bool has_line() const { return pending_.find('\n', taken_) != std::string::npos; }

private:
    explicit ControlClient(int fd) : fd_(fd) {}
    bool take_line(std::string& line);

    int fd_;
    std::string pending_;
    std::size_t taken_ = 0;  // of pending_
};

// One request with one answer. Nothing on failure, with `error` as the reason.
std::optional<nlohmann::ordered_json> ask(const std::string& path,
                                          const nlohmann::ordered_json& request,
                                          std::int64_t timeout_ms, std::string& error);

// The answer in `line` if it is an object with "ok": true, else nothing, with `error` as the collector's reason.
std::optional<nlohmann::ordered_json> parse_answer(const std::string& line, std::string& error);

}  // namespace tidemark::cli
