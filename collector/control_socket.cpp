// SPDX-License-Identifier: Apache-2.0
#include "collector/control_socket.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "collector/foreign_name.hpp"

namespace tidemark::collector {
namespace {

int new_socket() { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    return address;
}

bool somebody_answers(const std::string& path) {
    const int descriptor = new_socket();
    if (descriptor < 0) return false;
    const sockaddr_un address = address_of(path);
    const bool connected =
        connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ||
        errno == EAGAIN;  // its backlog is full
    ::close(descriptor);
    return connected;
}

bool remove_leftover(const std::string& path, std::string& error) {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) return true;
    std::string reason;
    if (!S_ISSOCK(status.st_mode)) {
        reason = "something that is not a socket is there; remove it";
    } else if (status.st_uid != geteuid()) {
        reason = "a socket of uid " + std::to_string(status.st_uid) + " is there; remove it";
    } else if (somebody_answers(path)) {
        reason = "another process answers there; end it, or choose another place";
    } else if (unlink(path.c_str()) == 0 || errno == ENOENT) {
        return true;
    } else {
        reason = std::strerror(errno);
    }
    error = "cannot make the socket " + path + ": " + reason;
    return false;
}

}  // namespace

bool ControlSocket::open(const std::string& path, std::string& error, mode_t mode, int backlog) {
    return make_at(path, [&] { return make(path, error, mode, backlog); });
}

bool ControlSocket::make(const std::string& path, std::string& error, mode_t mode, int backlog) {
    if (!remove_leftover(path, error)) return false;
    const sockaddr_un address = address_of(path);
    descriptor_ = new_socket();
    struct stat status {};
    // Who may speak is decided by credentials all the same.
    const mode_t mask = umask(~mode & 0777);
    const bool bound =
        descriptor_ >= 0 && path.size() < sizeof(address.sun_path) &&
        bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    umask(mask);
    if (!bound || listen(descriptor_, backlog) != 0 || lstat(path.c_str(), &status) != 0) {
        error = "cannot make the socket " + path + ": " +
                (path.size() < sizeof(address.sun_path) ? std::strerror(errno)
                                                        : "the path is too long");
        close();
        return false;
    }
    path_ = path;
    device_ = status.st_dev;
    inode_ = status.st_ino;
    return true;
}

void ControlSocket::close() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    descriptor_ = -1;
    struct stat status {};
    if (lstat(path_.c_str(), &status) == 0 && status.st_ino == inode_ && status.st_dev == device_) {
        unlink(path_.c_str());
    }
}

}  // namespace tidemark::collector
