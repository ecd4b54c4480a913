// SPDX-License-Identifier: Apache-2.0
//
// A process that executes another program: what the old one held is gone with it, and the new one is another image. The
// kernel tells nobody, so it is looked for: when the process connects, soon after it disconnected, and now and then.
#include <algorithm>
#include <chrono>
#include <iterator>

#include "collector/gateway/clients.hpp"

namespace tidemark::collector::gateway {
namespace {

// A look reads one file of /proc, some 20 us: the cost has a bound, however many clients there are.
constexpr std::chrono::milliseconds kLookPause{1000};
constexpr std::size_t kLooksAtOnce = 16;
constexpr std::chrono::milliseconds kExecTakes{50};  // from the closing of its sockets

}  // namespace

bool Clients::has_executed(const ClientProcess& client) const {
    if (client.is_dead || client.peer().program == 0) return false;
    const std::uint64_t now = looked_at_again(client.peer()).program;
    return now != 0 && now != client.peer().program;
}

// It ends as one that died does: read to the end, under a key that no process has.
void Clients::end_program(const std::shared_ptr<ClientProcess>& old) {
    auto entry = clients_.extract(Key(old->known_as));
    // `old` may be the entry's own, which the end below takes away.
    const std::shared_ptr<ClientProcess> client = entry.mapped();
    client->known_as = {0, ++numbered_};
    entry.key() = client->known_as;
    clients_.insert(std::move(entry));
    client->is_dead = true;
    client->ending = {TIDEMARK_ENDING_EXECUTED, 0};
    unwatch(*client);
    if (executed) executed(client);
    end_if_over(client);
}

void Clients::look_for_exec_of(const std::shared_ptr<ClientProcess>& client) {
    loop_.after(kExecTakes, [this, weak = std::weak_ptr<ClientProcess>(client)] {
        const auto alive = weak.lock();
        if (alive && alive->connections == 0 && has_executed(*alive)) end_program(alive);
    });
}

void Clients::look_for_exec_later() {
    if (look_timer_ != 0 || pidfds_.empty()) return;
    look_timer_ = loop_.after(kLookPause, [this] {
        look_timer_ = 0;
        look_for_exec();
        look_for_exec_later();
    });
}

// Some of them, each in its turn.
void Clients::look_for_exec() {
    std::vector<std::shared_ptr<ClientProcess>> found;
    const std::size_t count = std::min(kLooksAtOnce, clients_.size());
    for (std::size_t i = 0; i < count; ++i) {
        auto place = clients_.upper_bound(looked_at_);
        if (place == clients_.end()) place = clients_.begin();
        looked_at_ = place->first;
        if (has_executed(*place->second)) found.push_back(place->second);
    }
    for (const auto& client : found)
        end_program(client);
}

}  // namespace tidemark::collector::gateway
