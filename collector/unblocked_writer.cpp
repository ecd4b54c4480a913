// SPDX-License-Identifier: Apache-2.0
#include "collector/unblocked_writer.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace tidemark::collector {
namespace {

// A pipe that is writable takes as much without blocking.
constexpr std::size_t kAtOnce = PIPE_BUF;

int open_again(int descriptor) {
    const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
    return open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

}  // namespace

UnblockedWriter::UnblockedWriter(int descriptor) : descriptor_(descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0) return;
    if (S_ISSOCK(status.st_mode)) kind_ = Kind::kSocket;
    if (!S_ISCHR(status.st_mode) && !S_ISFIFO(status.st_mode)) return;
    const int again = open_again(descriptor);
    if (again < 0) return;
    descriptor_ = again;
    kind_ = Kind::kOpenedAgain;
}

UnblockedWriter::~UnblockedWriter() {
    if (kind_ == Kind::kOpenedAgain) close(descriptor_);
}

ssize_t UnblockedWriter::write(const char* bytes, std::size_t size) const noexcept {
    if (kind_ == Kind::kSocket) return send(descriptor_, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (kind_ == Kind::kOpenedAgain) return ::write(descriptor_, bytes, size);
    pollfd ready{descriptor_, POLLOUT, 0};
    if (poll(&ready, 1, 0) != 1) {
        errno = EAGAIN;
        return -1;
    }
    return ::write(descriptor_, bytes, std::min(size, kAtOnce));
}

}  // namespace tidemark::collector
