// SPDX-License-Identifier: Apache-2.0
#include "collector/control.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

constexpr int kBacklog = 64;
constexpr std::chrono::milliseconds kFinishPatience{1000};
constexpr std::chrono::milliseconds kDescriptorPause{100};

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

}  // namespace

Control::~Control() { close(); }

bool Control::remove_leftover(const std::string& path, std::string& error) {
    struct stat status {};
    if (lstat(path.c_str(), &status) != 0) return true;
    std::string reason;
    if (!S_ISSOCK(status.st_mode)) {
        reason = "something that is not a socket is there; remove it";
    } else if (status.st_uid != geteuid()) {
        reason = "a socket of uid " + std::to_string(status.st_uid) + " is there; remove it";
    } else if (somebody_answers(path)) {
        reason = "another process answers there; choose another --instance";
    } else if (unlink(path.c_str()) == 0 || errno == ENOENT) {
        return true;
    } else {
        reason = std::strerror(errno);
    }
    error = "cannot make the control socket " + path + ": " + reason;
    return false;
}

bool Control::open(const std::string& path, std::string& error) {
    if (!remove_leftover(path, error)) return false;
    const sockaddr_un address = address_of(path);
    listener_ = new_socket();
    struct stat status {};
    // Mode 0600 from the first moment on; who may speak is decided by credentials all the same.
    const mode_t mask = umask(0177);
    const bool bound =
        listener_ >= 0 && path.size() < sizeof(address.sun_path) &&
        bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    umask(mask);
    if (!bound || listen(listener_, kBacklog) != 0 || lstat(path.c_str(), &status) != 0 ||
        !context_.loop.add(listener_, EPOLLIN, [this](std::uint32_t) { accept_clients(); })) {
        error = "cannot make the control socket " + path + ": " + std::strerror(errno);
        return false;
    }
    path_ = path;
    device_ = status.st_dev;
    inode_ = status.st_ino;
    return true;
}

void Control::accept_clients() {
    while (true) {
        const int descriptor = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor >= 0) {
            admit(descriptor);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS) return;
        // The connection stays in the backlog and would wake us for ever: look again later.
        context_.loop.change(listener_, 0);
        context_.loop.after(kDescriptorPause, [this] {
            if (listener_ >= 0) context_.loop.change(listener_, EPOLLIN);
        });
        return;
    }
}

void Control::admit(int descriptor) {
    auto session = std::make_shared<ControlSession>(context_, descriptor,
                                                    [this](ControlSession* s) { forget(s); });
    ucred peer{};
    socklen_t size = sizeof(peer);
    const bool known = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    const bool full = sessions_.size() >= kMaxClients;
    // Refused ones are sent one line, which a new socket always has room for, and are gone.
    if (!known || (peer.uid != geteuid() && peer.uid != 0)) {
        log_warning("control socket: refused uid " + std::to_string(peer.uid));
        return session->refuse("only the collector's own user and root may connect");
    }
    if (full) return session->refuse("64 clients are connected already; try again later");
    sessions_.emplace(session.get(), session);
    session->start();
}

void Control::forget(ControlSession* session) {
    // Later, since the session may be in the middle of a call.
    const auto found = sessions_.find(session);
    if (found == sessions_.end()) return;
    context_.loop.post([alive = std::move(found->second)] {});
    sessions_.erase(found);
    if (sessions_.empty() && done_) context_.loop.post(std::exchange(done_, nullptr));
}

void Control::finish(std::function<void()> done) {
    std::vector<std::shared_ptr<ControlSession>> waiting;
    for (const auto& [key, session] : sessions_)
        waiting.push_back(session);
    done_ = std::move(done);
    for (const auto& session : waiting)
        session->drain_ended();
    if (sessions_.empty()) {
        if (done_) context_.loop.post(std::exchange(done_, nullptr));
        return;
    }
    context_.loop.after(kFinishPatience, [this] {
        if (done_) std::exchange(done_, nullptr)();
    });
}

void Control::close() {
    auto sessions = std::move(sessions_);
    sessions_.clear();
    for (const auto& [key, session] : sessions)
        session->close();
    if (listener_ < 0) return;
    context_.loop.remove(listener_);
    ::close(listener_);
    listener_ = -1;
    struct stat status {};
    if (lstat(path_.c_str(), &status) == 0 && status.st_ino == inode_ && status.st_dev == device_) {
        unlink(path_.c_str());
    }
}

}  // namespace tidemark::collector
