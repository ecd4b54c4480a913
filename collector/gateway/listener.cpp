// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/listener.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "collector/log.hpp"

namespace tidemark::collector::gateway {
namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptAtOnce = 64;
constexpr std::chrono::milliseconds kAcceptPause{100};

// Root serves everybody, as the older server did; others only themselves, for a ring must belong to whom it tells of.
mode_t socket_mode() { return geteuid() == 0 ? 0666 : 0600; }

}  // namespace

Listener::Listener(EventLoop& loop, std::string path, Accepted accepted)
    : loop_(loop),
      path_(std::move(path)),
      accepted_(std::move(accepted)),
      shares_(kMostConnections),
      refused_(loop, "clients were refused on " + path_,
               [](const std::string& line) { log_warning(line); }) {}

bool Listener::watch() {
    return loop_.add(socket_.descriptor(), EPOLLIN,
                     [this](std::uint32_t) { accept_some(kAcceptAtOnce); });
}

bool Listener::open(std::string& error) {
    if (!socket_.open(path_, error, socket_mode(), kBacklog)) return false;
    if (watch()) return true;
    error = "cannot watch the socket " + path_ + ": " + std::strerror(errno);
    socket_.close();
    return false;
}

void Listener::close() {
    if (!is_open()) return;
    accept_some(2 * kBacklog);
    loop_.remove(socket_.descriptor());
    socket_.close();
}

void Listener::accept_some(int most) {
    for (int i = 0; i < most; ++i) {
        const int descriptor =
            accept4(socket_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor >= 0) {
            admit(descriptor);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return look_again_later();
        }
    }
}

// No descriptor is to be had: who wants to connect waits, and the loop must not spin meanwhile.
void Listener::look_again_later() {
    refused_.tell("cannot accept more clients on " + path_ + ": " + std::strerror(errno) +
                  "; they wait until others leave");
    loop_.remove(socket_.descriptor());
    loop_.after(kAcceptPause, [this] {
        if (is_open() && !watch()) look_again_later();
    });
}

void Listener::admit(int descriptor) {
    Peer peer = peer_of(descriptor);
    if (shares_.take(peer.uid)) return accepted_(descriptor, std::move(peer));
    const bool is_full = shares_.taken() >= shares_.most();
    refused_.tell("a client of user " + std::to_string(peer.uid) + " (pid " +
                  std::to_string(peer.pid) + ") was refused on " + path_ + ": " +
                  (is_full ? "all " + std::to_string(shares_.most())
                           : "its user has a quarter of all " + std::to_string(shares_.most())) +
                  " connections" + (is_full ? " are taken" : ""));
    ::close(descriptor);
}

}  // namespace tidemark::collector::gateway
