// SPDX-License-Identifier: Apache-2.0
#include "bench/stand_in_server.hpp"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <new>

namespace tidemark::bench {

StandInServer::StandInServer(int connections) {
    void* const shared =
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw std::bad_alloc();
    applied_ = static_cast<std::atomic<std::uint64_t>*>(shared);
    std::vector<pollfd> others;
    for (int i = 0; i < connections; ++i) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) break;
        ends_.push_back(pair[0]);
        others.push_back({pair[1], POLLIN, 0});
    }
    child_ = fork();
    if (child_ == 0) serve(others);
    for (const pollfd& other : others)
        close(other.fd);
}

StandInServer::~StandInServer() {
    for (const int one : ends_)
        close(one);
    if (child_ > 0) {
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
    }
    munmap(applied_, 4096);
}

bool StandInServer::tell(int connection, const Message& message) const {
    return send(ends_[static_cast<std::size_t>(connection)], &message, sizeof message,
                MSG_NOSIGNAL) == sizeof message;
}

bool StandInServer::ask(int connection, Message& answer) const {
    answer.type = Message::kQuery;
    return tell(connection, answer) && recv(ends_[static_cast<std::size_t>(connection)], &answer,
                                            sizeof answer, MSG_WAITALL) == sizeof answer;
}

void StandInServer::serve(std::vector<pollfd>& sockets) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        poll(sockets.data(), sockets.size(), -1);
        for (std::size_t i = 0; i < sockets.size(); ++i)
            if (sockets[i].revents != 0 && !serve_one(sockets[i].fd, applied_[i]))
                sockets[i].fd = -1;
    }
}

// What has come; messages are sent whole, so they come whole but for the last of a full buffer. False: no more.
bool StandInServer::serve_one(int socket, std::atomic<std::uint64_t>& applied) {
    Message messages[64];
    auto* const bytes = reinterpret_cast<char*>(messages);
    ssize_t came = recv(socket, bytes, sizeof messages, 0);
    if (came <= 0) return false;
    while (came % ssize_t{sizeof(Message)} != 0) {
        const std::size_t missing = sizeof(Message) - static_cast<std::size_t>(came) % 112;
        const ssize_t more = recv(socket, bytes + came, missing, 0);
        if (more <= 0) return false;
        came += more;
    }
    const auto count = static_cast<std::size_t>(came) / sizeof(Message);
    for (std::size_t i = 0; i < count; ++i) {
        Message& message = messages[i];
        if (message.type == Message::kAllocation) {
            live_.insert_or_assign(message.buffer, message.size);
            allocated_ += message.size;
        } else if (message.type == Message::kFree) {
            const auto found = live_.find(message.buffer);
            if (found == live_.end()) continue;
            allocated_ -= found->second;
            live_.erase(found);
        } else {
            message.allocated = allocated_;
            message.live = live_.size();
            if (send(socket, &message, sizeof message, MSG_NOSIGNAL) < 0) return false;
        }
    }
    applied.fetch_add(count, std::memory_order_release);
    return true;
}

}  // namespace tidemark::bench
