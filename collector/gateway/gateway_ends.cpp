// SPDX-License-Identifier: Apache-2.0
//
// How clients go: they disconnect, die, execute another program, or tell through a ring of their own.
#include "collector/gateway/gateway.hpp"
#include "shm/clock.hpp"

namespace tidemark::collector::gateway {
namespace {

constexpr std::chrono::milliseconds kEndDelay{50};
constexpr std::uint64_t kOldProgramNs = 20'000'000;  // to read what it sent

}  // namespace

// A process that ends closes its sockets a moment before its end can be seen.
void Gateway::tell_disconnected_later(const std::shared_ptr<ClientProcess>& client) {
    if (client->connections != 0 || client->is_dead) return;
    loop_.after(kEndDelay, [this, weak = std::weak_ptr<ClientProcess>(client)] {
        const auto alive = weak.lock();
        if (alive && alive->connections == 0 && !alive->is_dead) log_.disconnected(*alive);
    });
}

void Gateway::client_ended(const ClientProcess& client) {
    questions_.client_ended();
    const std::uint64_t now = shm::monotonic_ns();
    const std::vector<HeldBuffers::Freed> left = client.held().all();
    log_.ended(client.peer(), left, now);
    // Before its ring is released.
    door_.processes_ended({{client.image(), client.ending, client.lost_without_ring()}});
    figures_.remember(left,
                      shm::monotonic_ns() + static_cast<std::uint64_t>(settings_.grace.count()));
}

// What its connections hold now was sent before; one that outlived the exec speaks for the new program from here on.
void Gateway::client_executed(const std::shared_ptr<ClientProcess>& client) {
    for (const auto& connection : connections()) {
        if (connection->client != client) continue;
        if (!connection->read_rest(shm::monotonic_ns() + kOldProgramNs)) continue;
        if (!connection->client) continue;
        connection->client = nullptr;
        connection->look_at_peer_again();
        clients_.leave(client);
    }
}

void Gateway::told_elsewhere(std::uint64_t image, std::uint32_t device) {
    const auto client = clients_.by_image(image);
    if (!client) return;
    log_.left(*client, device);
    client->leave_device(device);
    client->wake();
    if (client->is_waiting()) pump();  // it may never send anything again
}

}  // namespace tidemark::collector::gateway
