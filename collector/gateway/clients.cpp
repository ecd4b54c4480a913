// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/clients.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

#include "shm/clock.hpp"
#include "shm/identity_raw.hpp"

namespace tidemark::collector::gateway {
namespace {

constexpr std::chrono::milliseconds kLastWords{50};

std::string comm_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/comm");
    std::string name;
    std::getline(file, name);
    return name;
}

}  // namespace

Peer peer_of(int descriptor) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    Peer peer;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return peer;
    peer.pid = credentials.pid;
    peer.uid = credentials.uid;
    if (peer.pid <= 0) return peer;
    peer.start_ticks = shm::read_start_ticks(peer.pid);
    peer.name = comm_of(peer.pid);
    return peer;
}

Clients::~Clients() {
    for (const auto& [client, pidfd] : pidfds_) {
        loop_.remove(pidfd);
        close(pidfd);
    }
}

// A process that was gone when it was looked at is the one of that pid whose end was seen last.
Clients::Key Clients::key_of(const Peer& peer) {
    if (peer.pid <= 0) return {0, ++invisible_};
    if (peer.start_ticks != 0) return {peer.pid, peer.start_ticks};
    const auto after = clients_.lower_bound({peer.pid + 1, 0});
    if (after == clients_.begin()) return {peer.pid, 0};
    const auto& [key, client] = *std::prev(after);
    return key.first == peer.pid ? key : Key{peer.pid, 0};
}

std::shared_ptr<ClientProcess> Clients::join(const Peer& peer) {
    const Key key = key_of(peer);
    std::shared_ptr<ClientProcess>& client = clients_[key];
    if (!client) {
        client = std::make_shared<ClientProcess>(peer, instance_);
        client->known_as = key;
        watch(client);
    }
    ++client->connections;
    return client;
}

// Without a descriptor (the process is gone already, or lives where we can't see it) its connections are its life.
void Clients::watch(const std::shared_ptr<ClientProcess>& client) {
    const auto pidfd = static_cast<int>(syscall(SYS_pidfd_open, client->peer().pid, 0));
    const bool same = pidfd >= 0 && client->peer().start_ticks != 0 &&
                      shm::read_start_ticks(client->peer().pid) == client->peer().start_ticks;
    std::weak_ptr<ClientProcess> weak = client;
    const auto died = [this, weak](std::uint32_t) {
        if (const auto alive = weak.lock()) {
            alive->is_dead = true;
            const auto place = pidfds_.find(alive.get());
            if (place != pidfds_.end()) {
                loop_.remove(place->second);
                alive->ending = read_ending(place->second, alive->peer().pid);
            }
            end_if_over(alive);
        }
    };
    if (same && loop_.add(pidfd, EPOLLIN, died)) {
        pidfds_[client.get()] = pidfd;
        return;
    }
    if (pidfd >= 0) close(pidfd);
    client->is_dead = true;
}

void Clients::leave(const std::shared_ptr<ClientProcess>& client) {
    --client->connections;
    end_if_over(client);
}

// Connections that it made before it died may not have been accepted, or not told an event yet.
void Clients::end_if_over(const std::shared_ptr<ClientProcess>& client) {
    if (!client->is_over()) return;
    if (client->peer().pid <= 0) return end(client);
    if (std::exchange(client->is_ending, true)) return;
    loop_.after(kLastWords, [this, weak = std::weak_ptr<ClientProcess>(client)] {
        const auto alive = weak.lock();
        if (!alive) return;
        alive->is_ending = false;
        if (alive->is_over()) end(alive);
    });
}

void Clients::end(const std::shared_ptr<ClientProcess>& client) {
    const auto pidfd = pidfds_.find(client.get());
    if (pidfd != pidfds_.end()) {
        loop_.remove(pidfd->second);
        close(pidfd->second);
        pidfds_.erase(pidfd);
    }
    ended_(*client);
    clients_.erase(Key(client->known_as));
}

std::shared_ptr<ClientProcess> Clients::by_image(std::uint64_t image) const {
    for (const auto& [key, client] : clients_)
        if (client->image() == image) return client;
    return nullptr;
}

bool Clients::pump() {
    std::vector<std::shared_ptr<ClientProcess>> settled;
    bool all = true;
    for (const auto& [key, client] : clients_) {
        if (!client->is_waiting()) continue;
        if (client->pump(shm::monotonic_ns()))
            settled.push_back(client);
        else
            all = false;
    }
    for (const auto& client : settled)
        end_if_over(client);
    return all;
}

void Clients::for_each(const std::function<void(const ClientProcess&)>& visit) const {
    for (const auto& [key, client] : clients_)
        visit(*client);
}

}  // namespace tidemark::collector::gateway
