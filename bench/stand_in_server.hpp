// SPDX-License-Identifier: Apache-2.0
//
// The rival that is asked and told over a Unix socket: a process that reads messages of 112 bytes, keeps what is
// allocated in a map, and answers queries with its totals. As simple as such a server can be, and so as fast.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace tidemark::bench {

class StandInServer {
public:
    struct Message {
        enum Type : std::uint64_t { kAllocation = 1, kFree = 2, kQuery = 3 };
        std::uint64_t type, buffer, size, time, allocated, live, rest[8];
    };
    static_assert(sizeof(Message) == 112);

    explicit StandInServer(int connections);
    ~StandInServer();
    StandInServer(const StandInServer&) = delete;
    StandInServer& operator=(const StandInServer&) = delete;

    // This side of a connection; one thread each. False: the server is gone.
    bool tell(int connection, const Message& message) const;
    bool ask(int connection, Message& answer) const;
    // Messages of that connection that are in the totals; any thread.
    std::uint64_t applied(int connection) const {
        return applied_[connection].load(std::memory_order_acquire);
    }
    pid_t pid() const { return child_; }

private:
    [[noreturn]] void serve(std::vector<pollfd>& sockets);
    bool serve_one(int socket, std::atomic<std::uint64_t>& applied);

    std::vector<int> ends_;
    pid_t child_ = -1;
    std::atomic<std::uint64_t>* applied_ = nullptr;
    std::unordered_map<std::uint64_t, std::uint64_t> live_;  // the child's
    std::uint64_t allocated_ = 0;
};

}  // namespace tidemark::bench
