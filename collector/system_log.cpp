// SPDX-License-Identifier: Apache-2.0
#include "collector/system_log.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

namespace tidemark::collector {
namespace {

// "<priority>Mmm dd hh:mm:ss program[pid]: text", as syslog(3) sends it to a local socket (RFC 3164 without the host).
std::string message_of(int priority, std::string_view text) {
    char time_text[32] = "";
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    if (localtime_r(&now, &parts) != nullptr)
        std::strftime(time_text, sizeof time_text, "%b %e %H:%M:%S", &parts);
    std::string message = "<" + std::to_string(priority) + ">" + time_text + " tidemarkd[" +
                          std::to_string(getpid()) + "]: ";
    return message.append(text);
}

}  // namespace

SystemLog::~SystemLog() {
    if (descriptor_ >= 0) close(descriptor_);
}

bool SystemLog::connect() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    return ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

bool SystemLog::send_bytes(const std::string& message) const {
    return descriptor_ >= 0 &&
           ::send(descriptor_, message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

// Who reads there may have been started again since.
bool SystemLog::send(int priority, std::string_view text) {
    const std::string message = message_of(priority, text);
    if (send_bytes(message)) return true;
    if (descriptor_ >= 0 && (errno == EAGAIN || errno == ENOBUFS)) return false;
    return connect() && send_bytes(message);
}

}  // namespace tidemark::collector
