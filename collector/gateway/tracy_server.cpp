// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/tracy_server.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "shm/clock.hpp"

namespace tidemark::collector::gateway {
namespace {

#pragma pack(push, 1)
struct Message {
    std::uint8_t type;
    std::uint8_t padding0[3];
    std::int32_t device;
    std::uint8_t padding1[4];
    std::uint64_t dram, l1, system_memory, l1_small, trace, buffers, allocations, frees;
};
#pragma pack(pop)
static_assert(sizeof(Message) == 76 && offsetof(Message, dram) == 12);  // its comment said 72

constexpr std::uint8_t kQuery = 1;
constexpr std::uint8_t kResponse = 2;
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

struct TracyServer::Client {
    int descriptor;
    Message message{};
    std::size_t received = 0;
};

bool TracyServer::open(const std::string& path, std::string& error) {
    if (!socket_.open(path, error, geteuid() == 0 ? 0666 : 0600)) return false;
    if (loop_.add(socket_.descriptor(), EPOLLIN, [this](std::uint32_t) { accept_client(); }))
        return true;
    error = "cannot watch the socket " + path + ": " + std::strerror(errno);
    socket_.close();
    return false;
}

void TracyServer::close() {
    if (socket_.descriptor() < 0) return;
    loop_.remove(socket_.descriptor());
    socket_.close();
    while (!clients_.empty())
        drop(*clients_.begin()->second);
}

void TracyServer::accept_client() {
    const int descriptor =
        accept4(socket_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) look_again_later();
        return;
    }
    auto client = std::make_shared<Client>(Client{descriptor});
    const std::weak_ptr<Client> weak = client;
    const auto readable = [this, weak](std::uint32_t) {
        if (const auto alive = weak.lock()) read_from(alive);
    };
    if (clients_.size() >= kMostClients || !loop_.add(descriptor, EPOLLIN, readable)) {
        ::close(descriptor);
        return;
    }
    clients_.emplace(descriptor, client);
}

// No descriptor is to be had: who wants to connect waits, and the loop must not spin meanwhile.
void TracyServer::look_again_later() {
    loop_.remove(socket_.descriptor());
    loop_.after(kAcceptPause, [this] {
        if (socket_.descriptor() >= 0 &&
            !loop_.add(socket_.descriptor(), EPOLLIN, [this](std::uint32_t) { accept_client(); }))
            look_again_later();
    });
}

void TracyServer::read_from(const std::shared_ptr<Client>& client) {
    auto* place = reinterpret_cast<std::byte*>(&client->message) + client->received;
    const ssize_t size =
        recv(client->descriptor, place, sizeof(Message) - client->received, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return drop(*client);
    client->received += static_cast<std::size_t>(size);
    if (client->received < sizeof(Message)) return;
    client->received = 0;
    if (client->message.type == kQuery) return ask(client);
    closed_.tell("a client of the Tracy monitor's socket was closed: it sent no question");
    drop(*client);
}

// Answered once all that was recorded before the question is published; until then nothing more is read from it.
void TracyServer::ask(const std::shared_ptr<Client>& client) {
    loop_.change(client->descriptor, 0);
    door_.ask_flush([this, weak = std::weak_ptr<Client>(client)](FlushAnswer) {
        if (const auto alive = weak.lock(); alive && alive->descriptor >= 0) answer(*alive);
    });
}

void TracyServer::answer(Client& client) {
    const DeviceFigures figures = figures_.of(client.message.device, shm::monotonic_ns());
    Message& message = client.message;
    message = {kResponse,
               {},
               message.device,
               {},
               figures.dram,
               figures.l1,
               figures.system_memory,
               figures.l1_small,
               figures.trace,
               figures.buffers,
               figures.allocations,
               figures.frees};
    const ssize_t sent =
        send(client.descriptor, &message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent != sizeof message) return drop(client);
    loop_.change(client.descriptor, EPOLLIN);
}

void TracyServer::drop(Client& client) {
    const int descriptor = client.descriptor;
    client.descriptor = -1;
    loop_.remove(descriptor);
    ::close(descriptor);
    clients_.erase(descriptor);
}

}  // namespace tidemark::collector::gateway
