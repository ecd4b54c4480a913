// SPDX-License-Identifier: Apache-2.0
#include "collector/control.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "collector/log.hpp"

namespace tidemark::collector {
namespace {

constexpr std::chrono::milliseconds kFinishPatience{1000};
constexpr std::chrono::milliseconds kDescriptorPause{100};

}  // namespace

Control::~Control() { close(); }

bool Control::open(const std::string& path, std::string& error) {
    if (!socket_.open(path, error)) return false;
    if (context_.loop.add(socket_.descriptor(), EPOLLIN,
                          [this](std::uint32_t) { accept_clients(); })) {
        return true;
    }
    error = "cannot listen to the control socket " + path + ": " + std::strerror(errno);
    socket_.close();
    return false;
}

void Control::accept_clients() {
    while (true) {
        const int descriptor =
            accept4(socket_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor >= 0) {
            admit(descriptor);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if (errno != EMFILE && errno != ENFILE && errno != ENOMEM && errno != ENOBUFS) return;
        // The connection stays in the backlog and would wake us for ever: look again later.
        context_.loop.change(socket_.descriptor(), 0);
        context_.loop.after(kDescriptorPause, [this] {
            if (socket_.descriptor() >= 0) context_.loop.change(socket_.descriptor(), EPOLLIN);
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
    if (sessions_.size() >= kMaxClients) forget_gone();
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

// Clients that came and went in the same round must not keep others out.
void Control::forget_gone() {
    std::vector<std::shared_ptr<ControlSession>> gone;
    for (const auto& [key, session] : sessions_) {
        if (session->client_is_gone()) gone.push_back(session);
    }
    for (const auto& session : gone)
        session->close();
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
    if (socket_.descriptor() < 0) return;
    context_.loop.remove(socket_.descriptor());
    socket_.close();
}

}  // namespace tidemark::collector
