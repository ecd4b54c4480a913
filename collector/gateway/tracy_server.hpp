// SPDX-License-Identifier: Apache-2.0
//
// The socket of the older Tracy memory monitor: one packed struct of 76 bytes asks for a device, the same struct
// answers. The original knew its own process; here the answer is over all.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "collector/control_socket.hpp"
#include "collector/drain_door.hpp"
#include "collector/event_loop.hpp"
#include "collector/gateway/published_figures.hpp"
#include "collector/shares.hpp"
#include "collector/log.hpp"
#include "collector/repeated_notice.hpp"

namespace tidemark::collector::gateway {

// The event loop's thread only.
class TracyServer {
public:
    static constexpr std::size_t kMostClients = 256;

    TracyServer(EventLoop& loop, DrainDoor& door, const std::string& instance)
        : loop_(loop),
          door_(door),
          figures_(instance),
          closed_(loop, "of its clients were closed or refused",
                  [](const std::string& line) { log_notice(line); }) {}
    ~TracyServer() { close(); }
    TracyServer(const TracyServer&) = delete;
    TracyServer& operator=(const TracyServer&) = delete;

    [[nodiscard]] bool open(const std::string& path, std::string& error);
    bool is_open() const noexcept { return socket_.descriptor() >= 0; }
    void close();

private:
    struct Client;

    void accept_client();
    void look_again_later();
    void read_from(const std::shared_ptr<Client>& client);
    void ask(const std::shared_ptr<Client>& client);
    void answer(Client& client);
    void drop(Client& client);

    EventLoop& loop_;
    DrainDoor& door_;
    ControlSocket socket_;
    PublishedFigures figures_;
    RepeatedNotice closed_;
    std::unordered_map<int, std::shared_ptr<Client>> clients_;
    Shares shares_{kMostClients};
};

}  // namespace tidemark::collector::gateway
