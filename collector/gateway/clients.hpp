// SPDX-License-Identifier: Apache-2.0
//
// The processes behind the sockets: found by their credentials, watched for their end, ended once they are dead, or
// execute another program, and read to the end. A client that only disconnects keeps what it holds.
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
#include "collector/gateway/peer.hpp"
#include "collector/shares.hpp"

namespace tidemark::collector::gateway {

// The event loop's thread only.
class Clients {
public:
    static constexpr std::size_t kMostWatched = 8192;
    static constexpr std::size_t kMostBuffers = std::size_t{1} << 21;  // about 300 MB

    using Tell = std::function<void(const std::shared_ptr<ClientProcess>&)>;

    // `ended` is told when a client is dead and gone, with what it had not freed, before its ring is released.
    Clients(EventLoop& loop, std::string instance, Tell ended,
            std::size_t most_buffers = kMostBuffers)
        : loop_(loop),
          instance_(std::move(instance)),
          ended_(std::move(ended)),
          room_(most_buffers) {}
    ~Clients();
    Clients(const Clients&) = delete;
    Clients& operator=(const Clients&) = delete;

    // Told when a client's process was seen to execute another program: what its connections hold is still the old
    // one's, what comes later is not. They are to be read, and left.
    Tell executed;

    // Counts one connection of the process; made on its first event. One that is not visible here can't be told from
    // another: each of its connections is a client of its own.
    std::shared_ptr<ClientProcess> join(const Peer& peer, int socket = -1);
    void leave(const std::shared_ptr<ClientProcess>& client);
    std::shared_ptr<ClientProcess> by_image(std::uint64_t image) const;

    // Moves what waits for room. False: some still does.
    bool pump();
    void for_each(const std::function<void(ClientProcess&)>& visit) const;

private:
    using Key = std::pair<pid_t, std::uint64_t>;  // pid, start time; 0 and a number of ours

    Key key_of(const Peer& peer);
    void watch(const std::shared_ptr<ClientProcess>& client, int socket);
    void unwatch(const ClientProcess& client);
    void died(const std::shared_ptr<ClientProcess>& client);
    bool has_executed(const ClientProcess& client) const;
    void end_program(const std::shared_ptr<ClientProcess>& client);
    void look_for_exec_of(const std::shared_ptr<ClientProcess>& client);
    void look_for_exec_later();
    void look_for_exec();
    void end(const std::shared_ptr<ClientProcess>& client);
    void end_if_over(const std::shared_ptr<ClientProcess>& client);

    EventLoop& loop_;
    std::string instance_;
    Tell ended_;
    Shares room_;                   // for the buffers that they hold
    Shares watches_{kMostWatched};  // a descriptor each
    std::map<Key, std::shared_ptr<ClientProcess>> clients_;
    std::unordered_map<const ClientProcess*, int> pidfds_;
    EventLoop::Timer look_timer_ = 0;
    Key looked_at_{};             // the last one
    std::uint64_t numbered_ = 0;  // clients that have no key of their process
};

}  // namespace tidemark::collector::gateway
