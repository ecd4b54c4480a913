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

#include "collector/control_socket.hpp"
#include "collector/drain_door.hpp"
#include "collector/gateway/client_log.hpp"
#include "collector/gateway/clients.hpp"
#include "collector/gateway/connection.hpp"
#include "collector/gateway/published_figures.hpp"

namespace tidemark::collector::gateway {

struct GatewaySettings {
    std::string instance;
    std::string path;  // of the socket
    // How long what a dead client left stays in answers.
    std::chrono::nanoseconds grace = std::chrono::seconds{5};
    ClientLog::Level log = ClientLog::Level::kQuiet;
};

// The event loop's thread only.
class Gateway final : public Connection::Owner {
public:
    static constexpr std::size_t kMostConnections = 8192;

    Gateway(EventLoop& loop, DrainDoor& door, GatewaySettings settings);
    ~Gateway() override;
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    [[nodiscard]] bool open(std::string& error);
    bool is_open() const noexcept { return socket_.descriptor() >= 0; }
    // Listens no more; what was received is handed on, every client is closed.
    void close();
    // The process behind that image tells of the device through a ring of its own.
    void told_elsewhere(std::uint64_t image, std::uint32_t device);

private:
    struct Question {
        std::weak_ptr<Connection> who;
        FrameType answer;
        std::int32_t device;
        std::uint64_t since_ns;  // CLOCK_MONOTONIC
    };
    using Questions = std::vector<Question>;

    void on_frame(Connection& connection, const Frame& frame) override;
    void on_pause() override;
    bool must_wait(const Connection& connection) const override {
        return connection.client && connection.client->is_waiting();
    }
    void on_closed(Connection& connection) override;

    void accept_clients();
    void admit(int descriptor);
    void on_event(Connection& connection, const Frame& frame);
    void ask(Connection& connection, FrameType answer, std::int32_t device);
    void answer_all();
    void ask_again(Questions asked, std::chrono::milliseconds pause);
    void dump(bool kernels_only);
    void dump_wanted();
    void pump();
    void client_ended(const ClientProcess& client);
    void look_again_later();
    void tell_disconnected_later(const std::shared_ptr<ClientProcess>& client);

    EventLoop& loop_;
    DrainDoor& door_;
    GatewaySettings settings_;
    ControlSocket socket_;
    ClientLog log_;
    PublishedFigures figures_;
    Clients clients_;
    std::unordered_map<Connection*, std::shared_ptr<Connection>> connections_;
    Questions questions_;
    std::vector<std::shared_ptr<ClientProcess>> touched_;  // since the last pause
    bool wanted_dumps_[2] = {};                            // [1]: of kernels only
    EventLoop::Timer dump_timer_ = 0;
    std::uint64_t ends_ = 0;  // of clients
    bool is_flushing_ = false;
    bool is_crowded_ =
        false;  // some ring is full: its client is not read until the drain side made room
    bool told_of_crowd_ = false;
};

}  // namespace tidemark::collector::gateway
