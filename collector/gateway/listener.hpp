// SPDX-License-Identifier: Apache-2.0
//
// Where the older clients connect: who comes is accepted, unless there are too many, or too many of his user's.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "collector/control_socket.hpp"
#include "collector/event_loop.hpp"
#include "collector/gateway/peer.hpp"
#include "collector/shares.hpp"
#include "collector/repeated_notice.hpp"

namespace tidemark::collector::gateway {

// The event loop's thread only.
class Listener {
public:
    static constexpr std::size_t kMostConnections = 8192;

    // The descriptor is the callee's, and a share of its user's with it.
    using Accepted = std::function<void(int descriptor, Peer peer)>;

    Listener(EventLoop& loop, std::string path, Accepted accepted);
    ~Listener() { close(); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] bool open(std::string& error);
    bool is_open() const noexcept { return socket_.descriptor() >= 0; }
    const std::string& path() const noexcept { return path_; }
    // Accepts all that wait; then there is nobody to connect to any more.
    void close();
    // A connection of that user's was closed.
    void left(uid_t uid) noexcept { shares_.give_back(uid); }

private:
    [[nodiscard]] bool watch();
    void accept_some(int most);
    void admit(int descriptor);
    void look_again_later();

    EventLoop& loop_;
    std::string path_;
    Accepted accepted_;
    ControlSocket socket_;
    Shares shares_;
    RepeatedNotice refused_;
};

}  // namespace tidemark::collector::gateway
