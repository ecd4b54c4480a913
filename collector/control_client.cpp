// SPDX-License-Identifier: Apache-2.0
#include "collector/control_client.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

namespace tidemark::collector {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kBacklogPause{5};
constexpr std::size_t kMaxAnswer = std::size_t{1} << 20;

class Connection {
public:
    Connection() : descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {}
    ~Connection() {
        if (descriptor >= 0) close(descriptor);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    const int descriptor;
};

// Waits while the collector's backlog is full. False with errno: not connected.
bool connect_to(int descriptor, const std::string& path, Clock::time_point deadline) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return false;
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    while (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        if ((errno != EAGAIN && errno != EINTR) || Clock::now() > deadline) return false;
        std::this_thread::sleep_for(kBacklogPause);
    }
    return true;
}

// Waits until bytes, the end, or the deadline (errno ETIMEDOUT). Size of what was read; -1: errno tells.
ssize_t receive(int descriptor, char* bytes, std::size_t size, Clock::time_point deadline) {
    while (true) {
        const ssize_t got = recv(descriptor, bytes, size, 0);
        if (got >= 0 || (errno != EAGAIN && errno != EINTR)) return got;
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd ready{descriptor, POLLIN, 0};
        if (left <= 0 ||
            poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000))) == 0) {
            errno = ETIMEDOUT;
            return -1;
        }
    }
}

bool receive_line(int descriptor, Clock::time_point deadline, std::string& line) {
    char bytes[4096];
    while (line.size() < kMaxAnswer) {
        const ssize_t size = receive(descriptor, bytes, sizeof(bytes), deadline);
        if (size < 0) return false;
        line.append(bytes, static_cast<std::size_t>(size));
        const std::size_t end = line.find('\n');
        if (end != std::string::npos) {
            line.resize(end);
            return true;
        }
        if (size == 0) break;
    }
    errno = EPROTO;
    return false;
}

}  // namespace

bool ask_control(const std::string& path, std::string_view request,
                 std::chrono::milliseconds patience, std::string& answer, std::string& error) {
    const Connection connection;
    const std::string line = std::string(request) + "\n";
    answer.clear();
    const auto size = static_cast<ssize_t>(line.size());
    const auto deadline = Clock::now() + patience;
    if (connection.descriptor >= 0 && connect_to(connection.descriptor, path, deadline) &&
        send(connection.descriptor, line.data(), line.size(), MSG_NOSIGNAL) == size &&
        receive_line(connection.descriptor, deadline, answer)) {
        return true;
    }
    error = "cannot ask the collector at " + path + ": " + std::strerror(errno);
    return false;
}

}  // namespace tidemark::collector
