// SPDX-License-Identifier: Apache-2.0
//
// The control socket (docs/control-socket.md): listens, lets in its own user and root, bounds how many. What a client
// gets is control_session's work.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "collector/control_session.hpp"
#include "collector/control_socket.hpp"

namespace tidemark::collector {

// The event loop's thread only.
class Control {
public:
    static constexpr std::size_t kMaxClients = 64;

    Control(EventLoop& loop, DrainDoor& door, Sinks& sinks, ControlIdentity identity,
            std::function<void()> look_first, std::function<void()> request_stop)
        : context_{loop,
                   door,
                   sinks,
                   std::move(identity),
                   std::move(look_first),
                   std::move(request_stop)} {}
    ~Control();
    Control(const Control&) = delete;
    Control& operator=(const Control&) = delete;

    // The caller holds the instance's lock, so a socket that is there already and that nobody answers is a leftover.
    [[nodiscard]] bool open(const std::string& path, std::string& error);
    // Known once the core is open; before the loop runs.
    void set_generation(std::uint64_t generation) { context_.identity.generation = generation; }
    // The drain side has ended: answers who waits; calls `done` when every client is gone, after a second at most.
    void finish(std::function<void()> done);
    // Closes and unlinks; the destructor does the same.
    void close();

private:
    void accept_clients();
    void admit(int descriptor);
    void forget(ControlSession* session);
    void forget_gone();

    ControlContext context_;
    ControlSocket socket_;
    std::unordered_map<ControlSession*, std::shared_ptr<ControlSession>> sessions_;
    std::function<void()> done_;
};

}  // namespace tidemark::collector
