// SPDX-License-Identifier: Apache-2.0
#include "viewers/cli/control_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "viewers/model/snapshot_json.hpp"
#include "viewers/model/stats_source.hpp"

namespace tidemark::cli {
namespace {

using Json = nlohmann::ordered_json;

// No answer is longer; what is, is no collector.
constexpr std::size_t kLongestLine = std::size_t{64} << 20;

int remaining_ms(std::int64_t timeout_ms, std::uint64_t begun_ns) {
    if (timeout_ms < 0) {
        return -1;
    }
    const auto spent =
        static_cast<std::int64_t>((model::monotonic_now_ns() - begun_ns) / 1'000'000);
    return static_cast<int>(std::clamp<std::int64_t>(timeout_ms - spent, 0, 1'000'000'000));
}

}  // namespace

std::optional<ControlClient> ControlClient::connect(const std::string& path, std::string& error) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        error = path.empty() ? "the collector has no control socket"
                             : "the path of its control socket is too long";
        return std::nullopt;
    }
    path.copy(address.sun_path, path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        error = path + ": " + std::strerror(errno);
        if (fd >= 0) {
            ::close(fd);
        }
        return std::nullopt;
    }
    return ControlClient(fd);
}

ControlClient::ControlClient(ControlClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      pending_(std::move(other.pending_)),
      taken_(other.taken_) {}

ControlClient::~ControlClient() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

bool ControlClient::send(const Json& request) {
    const std::string line = model::dump(request, -1) + '\n';
    std::string_view rest = line;
    while (!rest.empty()) {
        const ssize_t sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return false;
        }
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool ControlClient::take_line(std::string& line) {
    const auto end = pending_.find('\n', taken_);
    if (end == std::string::npos) {
        pending_.erase(0, taken_);
        taken_ = 0;
        return false;
    }
    line = pending_.substr(taken_, end - taken_);
    taken_ = end + 1;
    return true;
}

ControlClient::Read ControlClient::read_line(std::string& line, std::int64_t timeout_ms,
                                             int interrupt_fd) {
    const std::uint64_t begun = model::monotonic_now_ns();
    std::array<char, 65536> buffer{};
    while (!take_line(line)) {
        std::array<pollfd, 2> fds = {{{fd_, POLLIN, 0}, {interrupt_fd, POLLIN, 0}}};
        const int ready = ::poll(fds.data(), fds.size(), remaining_ms(timeout_ms, begun));
        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0) {
            return Read::kTimeout;
        }
        if (fds[1].revents != 0) {
            return Read::kInterrupted;
        }
        const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
        if (got <= 0 || pending_.size() > kLongestLine) {
            return Read::kClosed;
        }
        pending_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return Read::kLine;
}

std::optional<Json> parse_answer(const std::string& line, std::string& error) {
    Json answer = Json::parse(line, nullptr, false);
    if (!answer.is_object()) {
        error = "its answer is not JSON";
        return std::nullopt;
    }
    if (answer.value("ok", false)) {
        return answer;
    }
    const auto at = answer.find("error");
    error = at != answer.end() && at->is_string() ? at->get<std::string>()
                                                  : "it refused without a reason";
    return std::nullopt;
}

std::optional<Json> ask(const std::string& path, const Json& request, std::int64_t timeout_ms,
                        std::string& error) {
    auto client = ControlClient::connect(path, error);
    if (!client) {
        return std::nullopt;
    }
    std::string line;
    if (!client->send(request)) {
        error = "the collector closed the connection";
        return std::nullopt;
    }
    switch (client->read_line(line, timeout_ms)) {
        case ControlClient::Read::kLine:
            return parse_answer(line, error);
        case ControlClient::Read::kTimeout:
            error = "no answer in time";
            break;
        default:
            error = "the collector closed the connection without an answer";
    }
    return std::nullopt;
}

}  // namespace tidemark::cli
