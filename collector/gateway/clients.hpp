// SPDX-License-Identifier: Apache-2.0
//
// The processes behind the sockets: found by their credentials, watched for their end, ended once they are dead and
// read to the end. A client that only disconnects keeps what it holds.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collector/event_loop.hpp"
#include "collector/gateway/client_process.hpp"

namespace tidemark::collector::gateway {

// Who is at the other end of a connected socket; pid 0 if it is not visible here. Reads /proc/PID/stat and comm, which
// don't wait for the process.
Peer peer_of(int descriptor);

// The event loop's thread only.
class Clients {
public:
    // Told when a client is dead and gone, with what it had not freed, before its ring is released.
    using Ended = std::function<void(const ClientProcess&)>;

    Clients(EventLoop& loop, std::string instance, Ended ended)
        : loop_(loop), instance_(std::move(instance)), ended_(std::move(ended)) {}
    ~Clients();
    Clients(const Clients&) = delete;
    Clients& operator=(const Clients&) = delete;

    // Counts one connection of the process; made on its first event. One that is not visible here can't be told from
    // another: each of its connections is a client of its own.
    std::shared_ptr<ClientProcess> join(const Peer& peer);
    void leave(const std::shared_ptr<ClientProcess>& client);
    std::shared_ptr<ClientProcess> by_image(std::uint64_t image) const;

    // Moves what waits for room. False: some still does.
    bool pump();
    void for_each(const std::function<void(const ClientProcess&)>& visit) const;

private:
    using Key = std::pair<pid_t, std::uint64_t>;  // pid, start time; 0 and a number of ours

    void watch(const std::shared_ptr<ClientProcess>& client);
    Key key_of(const Peer& peer);
    void end(const std::shared_ptr<ClientProcess>& client);
    void end_if_over(const std::shared_ptr<ClientProcess>& client);

    EventLoop& loop_;
    std::string instance_;
    Ended ended_;
    std::map<Key, std::shared_ptr<ClientProcess>> clients_;
    std::unordered_map<const ClientProcess*, int> pidfds_;
    std::uint64_t invisible_ = 0;  // so many were joined
};

}  // namespace tidemark::collector::gateway
