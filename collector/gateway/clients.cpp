// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/clients.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <chrono>
#include <iterator>
#include <utility>

#include "shm/clock.hpp"

namespace tidemark::collector::gateway {
namespace {

constexpr std::chrono::milliseconds kLastWords{50};

}  // namespace

Clients::~Clients() {
    loop_.cancel(look_timer_);
    for (const auto& [client, pidfd] : pidfds_) {
        loop_.remove(pidfd);
        close(pidfd);
    }
}

// A process that was gone when it was looked at: its number among all processes says which it was; where the kernel has
// none, it is the one of that pid whose end was seen last.
Clients::Key Clients::key_of(const Peer& peer) {
    if (peer.pid <= 0) return {0, ++numbered_};
    if (peer.start_ticks != 0) return {peer.pid, peer.start_ticks};
    Key newest{peer.pid, 0};
    for (auto place = clients_.lower_bound({peer.pid, 0});
         place != clients_.end() && place->first.first == peer.pid; ++place) {
        const std::uint64_t serial = place->second->peer().serial;
        const bool is_another = peer.serial != 0 && serial != 0 && serial != peer.serial;
        if (!is_another) newest = place->first;
    }
    return newest;
}

std::shared_ptr<ClientProcess> Clients::join(const Peer& peer, int socket) {
    const Key key = key_of(peer);
    const auto known = clients_.find(key);
    if (known != clients_.end() && peer.program != known->second->peer().program &&
        has_executed(*known->second))
        end_program(known->second);
    std::shared_ptr<ClientProcess>& client = clients_[key];
    if (!client) {
        client = std::make_shared<ClientProcess>(peer, instance_, room_);
        client->known_as = key;
        watch(client, socket);
        look_for_exec_later();
    }
    ++client->connections;
    return client;
}

// Without a descriptor (the process is gone already, or lives where we can't see it, or its user has too many) its
// connections are its life.
void Clients::watch(const std::shared_ptr<ClientProcess>& client, int socket) {
    client->is_dead = true;
    const Peer& peer = client->peer();
    const int pidfd = peer.pid > 0 ? open_process(peer, socket) : -1;
    if (pidfd < 0) return;
    const auto ended = [this, weak = std::weak_ptr<ClientProcess>(client)](std::uint32_t) {
        if (const auto alive = weak.lock()) died(alive);
    };
    const bool has_share = watches_.take(peer.uid);
    if (peer.start_ticks != 0 && has_share && loop_.add(pidfd, EPOLLIN, ended)) {
        pidfds_[client.get()] = pidfd;
        client->is_dead = false;
        return;
    }
    if (has_share) watches_.give_back(peer.uid);
    if (peer.start_ticks == 0) client->ending = read_ending(pidfd, peer.pid);
    close(pidfd);
}

void Clients::unwatch(const ClientProcess& client) {
    const auto place = pidfds_.find(&client);
    if (place == pidfds_.end()) return;
    loop_.remove(place->second);
    close(place->second);
    pidfds_.erase(place);
    watches_.give_back(client.peer().uid);
}

void Clients::died(const std::shared_ptr<ClientProcess>& client) {
    client->is_dead = true;
    const auto place = pidfds_.find(client.get());
    if (place != pidfds_.end()) client->ending = read_ending(place->second, client->peer().pid);
    unwatch(*client);
    end_if_over(client);
}

void Clients::leave(const std::shared_ptr<ClientProcess>& client) {
    --client->connections;
    end_if_over(client);
    if (client->connections == 0 && !client->is_dead) look_for_exec_of(client);
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
    unwatch(*client);
    ended_(client);
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

void Clients::for_each(const std::function<void(ClientProcess&)>& visit) const {
    for (const auto& [key, client] : clients_)
        visit(*client);
}

}  // namespace tidemark::collector::gateway
