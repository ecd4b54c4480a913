// SPDX-License-Identifier: Apache-2.0
//
// The rival of event.cpp that sends each event to another process: a message of 112 bytes over a Unix socket, one
// connection a thread, to a server that reads what comes. Always drained.
#pragma once

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "bench/event_rivals.hpp"

namespace tidemark::bench {

class SocketEvent : public NothingShared {
public:
    explicit SocketEvent(int thread)
        : thread_(thread), socket_(ends()[static_cast<std::size_t>(thread)]) {}
    static void begin(int threads) {
        std::vector<pollfd> others;
        for (int i = 0; i < threads; ++i) {
            int pair[2];
            if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return;
            ends().push_back(pair[0]);
            others.push_back({pair[1], POLLIN, 0});
        }
        server() = fork();
        if (server() == 0) serve(others);
        for (const pollfd& other : others)
            close(other.fd);
    }
    static void end() {
        for (const int one : ends())
            close(one);
        ends().clear();
        if (server() > 0) {
            kill(server(), SIGKILL);
            waitpid(server(), nullptr, 0);
        }
    }
    void operator()(std::uint64_t number) {
        message_.type = is_allocation(number) ? 1 : 2;
        message_.buffer = buffer_of(thread_, number);
        message_.time = is_allocation(number) ? shm::monotonic_ns(CLOCK_REALTIME) : 0;
        failed_ |= send(socket_, &message_, sizeof message_, MSG_NOSIGNAL) != sizeof message_;
    }
    const char* wrong() const { return failed_ ? "a message could not be sent" : nullptr; }

private:
    struct Message {
        std::uint64_t type, buffer, time, rest[11];
    };
    static_assert(sizeof(Message) == 112);

    [[noreturn]] static void serve(std::vector<pollfd>& sockets) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        char bytes[112 * 64];
        for (;;) {
            poll(sockets.data(), sockets.size(), -1);
            for (const pollfd& one : sockets)
                if (one.revents != 0 && read(one.fd, bytes, sizeof bytes) < 0) _exit(1);
        }
    }
    static std::vector<int>& ends() {
        static std::vector<int> all;
        return all;
    }
    static pid_t& server() {
        static pid_t child = 0;
        return child;
    }
    int thread_;
    int socket_;
    bool failed_ = false;
    Message message_{};
};

}  // namespace tidemark::bench
