// SPDX-License-Identifier: Apache-2.0
//
// The gateway's end: nobody can send any more, and what was sent by then is read and handed on. The drain thread still
// runs, so rings that are full have room again; where they don't within a bound, what is left is counted as lost.
#include <unistd.h>

#include <algorithm>

#include "collector/gateway/gateway.hpp"
#include "collector/log.hpp"
#include "shm/clock.hpp"

namespace tidemark::collector::gateway {
namespace {

constexpr useconds_t kPauseUs = 500;

}  // namespace

void Gateway::close() {
    if (!listener_.is_open()) return;
    listener_.close();
    read_to_the_end();
    count_unread();
    for (const auto& connection : connections())
        connection->close("");
}

void Gateway::read_to_the_end() {
    Connections left = connections();
    for (const auto& connection : left)
        connection->take_no_more();
    const auto patience = static_cast<std::uint64_t>(settings_.last_words.count());
    const auto read_all = [&left](std::uint64_t until_ns) {
        std::erase_if(left, [until_ns](const auto& one) { return one->read_rest(until_ns); });
    };
    const std::uint64_t until_ns = shm::monotonic_ns() + patience;
    while (true) {
        read_all(until_ns);
        const bool all = clients_.pump();
        if ((left.empty() && all) || shm::monotonic_ns() >= until_ns) break;
        usleep(kPauseUs);
    }
    clients_.for_each([](ClientProcess& client) { client.give_up(); });
    if (!left.empty()) read_all(shm::monotonic_ns() + patience);
}

// Nothing is known of them but their number.
void Gateway::count_unread() const {
    std::uint64_t bytes = 0, clients = 0;
    for (const auto& connection : connections()) {
        const std::uint64_t unread = connection->unread();
        if (unread == 0) continue;
        bytes += unread;
        ++clients;
        if (connection->client)
            connection->client->count_unread(
                std::max<std::uint64_t>(1, unread / size_of(connection->version())));
    }
    if (clients != 0)
        log_warning(std::to_string(bytes) + " bytes that " + std::to_string(clients) +
                    " socket clients had sent were not read in time; counted as lost");
}

}  // namespace tidemark::collector::gateway
