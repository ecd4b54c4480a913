// SPDX-License-Identifier: Apache-2.0
//
// The older allocation server's socket, served as it was: whatever version a client speaks, its events become those of
// a ring that is its process's own, and its questions are answered from what the instance has published of everybody.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/drain_door.hpp"
#include "collector/gateway/client_log.hpp"
#include "collector/gateway/clients.hpp"
#include "collector/gateway/connection.hpp"
#include "collector/gateway/listener.hpp"
#include "collector/gateway/published_figures.hpp"
#include "collector/gateway/questions.hpp"
#include "collector/repeated_notice.hpp"

namespace tidemark::collector::gateway {

struct GatewaySettings {
    std::string instance;
    std::string path;  // of the socket
    // How long what a dead client left stays in answers.
    std::chrono::nanoseconds grace = std::chrono::seconds{5};
    ClientLog::Level log = ClientLog::Level::kQuiet;
    std::size_t most_buffers = Clients::kMostBuffers;  // that clients hold
    // How long close() waits for room in rings; and then once more for what is there to be read.
    std::chrono::nanoseconds last_words = std::chrono::seconds{1};
};

// The event loop's thread only.
class Gateway final : public Connection::Owner {
public:
    Gateway(EventLoop& loop, DrainDoor& door, GatewaySettings settings);
    ~Gateway() override;
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    [[nodiscard]] bool open(std::string& error);
    bool is_open() const noexcept { return listener_.is_open(); }
    // Listens no more; what clients have sent by now is read and handed on, or counted as lost; every client is closed.
    void close();
    // The process behind that image tells of the device through a ring of its own.
    void told_elsewhere(std::uint64_t image, std::uint32_t device);

private:
    using Connections = std::vector<std::shared_ptr<Connection>>;

    void on_frame(Connection& connection, const Frame& frame) override;
    void on_pause() override;
    bool must_wait(const Connection& connection) const override {
        return connection.client && connection.client->is_waiting();
    }
    void on_closed(Connection& connection, const std::string& why) override;

    void admit(int descriptor, Peer peer);
    Connections connections() const;
    void on_event(Connection& connection, const Frame& frame);
    void dump(bool kernels_only);
    void dump_wanted();
    void pump();
    void client_ended(const ClientProcess& client);
    void client_executed(const std::shared_ptr<ClientProcess>& client);
    void tell_disconnected_later(const std::shared_ptr<ClientProcess>& client);
    void read_to_the_end();
    void count_unread() const;

    EventLoop& loop_;
    DrainDoor& door_;
    GatewaySettings settings_;
    ClientLog log_;
    PublishedFigures figures_;
    RepeatedNotice closed_;
    RepeatedNotice untracked_;
    Clients clients_;
    Questions questions_;
    std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
    Listener listener_;
    std::vector<std::shared_ptr<ClientProcess>> touched_;  // since the last pause
    bool wanted_dumps_[2] = {};                            // [1]: of kernels only
    EventLoop::Timer dump_timer_ = 0;
    // Some ring is full: its client is not read until the drain side made room.
    bool is_crowded_ = false;
};

}  // namespace tidemark::collector::gateway
