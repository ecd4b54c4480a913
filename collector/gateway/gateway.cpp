// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/gateway.hpp"

#include <unistd.h>

#include <utility>

#include "collector/log.hpp"
#include "shm/clock.hpp"

namespace tidemark::collector::gateway {
namespace {

constexpr std::chrono::milliseconds kRetry{1};
constexpr std::uint64_t kDumpRest = 9;  // times as long as a dump took, until the next

}  // namespace

Gateway::Gateway(EventLoop& loop, DrainDoor& door, GatewaySettings settings)
    : loop_(loop),
      door_(door),
      settings_(std::move(settings)),
      log_(loop, settings_.log),
      figures_(settings_.instance),
      closed_(loop, "socket clients were closed",
              [](const std::string& line) { log_notice(line); }),
      untracked_(loop, "such messages about socket clients",
                 [](const std::string& line) { log_warning(line); }),
      clients_(
          loop, settings_.instance,
          [this](const std::shared_ptr<ClientProcess>& client) { client_ended(*client); },
          settings_.most_buffers),
      questions_(loop, door, figures_, [this] { return is_crowded_; }),
      listener_(loop, settings_.path,
                [this](int descriptor, Peer peer) { admit(descriptor, std::move(peer)); }) {
    clients_.executed = [this](const std::shared_ptr<ClientProcess>& client) {
        client_executed(client);
    };
}

Gateway::~Gateway() { close(); }

bool Gateway::open(std::string& error) {
    if (!listener_.open(error)) return false;
    log_.listening(settings_.path);
    const std::uint64_t now = shm::monotonic_ns();
    for (const tidemark_device_row& device : figures_.devices())
        log_.device(device, figures_.of(static_cast<std::int32_t>(device.device), now));
    return true;
}

void Gateway::admit(int descriptor, Peer peer) {
    const uid_t uid = peer.uid;
    auto connection = std::make_shared<Connection>(loop_, *this, descriptor, std::move(peer));
    if (connection->start())
        connections_.emplace(connection.get(), connection);
    else
        listener_.left(uid);
}

Gateway::Connections Gateway::connections() const {
    Connections all;
    all.reserve(connections_.size());
    for (const auto& [connection, owned] : connections_)
        all.push_back(owned);
    return all;
}

void Gateway::on_frame(Connection& connection, const Frame& frame) {
    switch (frame.type) {
        case FrameType::kQuery:
            return questions_.ask(connection, FrameType::kResponse, frame.device);
        case FrameType::kDeviceInfoQuery:
            return questions_.ask(connection, FrameType::kDeviceInfoResponse, frame.device);
        case FrameType::kDumpRemaining:
        case FrameType::kDumpKernels:
            return dump(frame.type == FrameType::kDumpKernels);
        case FrameType::kResponse:
        case FrameType::kDeviceInfoResponse:
            return connection.close("it sent an answer instead of a question");
        default:
            return on_event(connection, frame);
    }
}

void Gateway::on_event(Connection& connection, const Frame& frame) {
    if (!connection.client) {
        connection.client = clients_.join(connection.peer(), connection.descriptor());
        if (connection.client->connections == 1) log_.connected(connection.peer());
    }
    std::string error;
    ClientProcess& client = *connection.client;
    const Applied applied = client.apply(frame, shm::monotonic_ns(), error);
    if (!error.empty()) untracked_.tell(error);
    log_.event(frame, applied, client);
    if (touched_.empty() || touched_.back() != connection.client)
        touched_.push_back(connection.client);
}

void Gateway::on_pause() {
    for (const std::shared_ptr<ClientProcess>& client : std::exchange(touched_, {})) {
        client->wake();
        if (client->is_waiting()) pump();
    }
}

// A full ring has room again within microseconds; until then its client is not read. Others are: one whose ring nobody
// drains harms only itself.
void Gateway::pump() {
    const bool was_crowded = is_crowded_;
    is_crowded_ = !clients_.pump();
    if (is_crowded_ && !was_crowded)
        loop_.after(kRetry, [this] {
            is_crowded_ = false;
            pump();
        });
    for (const auto& connection : connections())
        if (!must_wait(*connection)) connection->resume();
}

void Gateway::on_closed(Connection& connection, const std::string& why) {
    const Peer& peer = connection.peer();
    if (!why.empty())
        closed_.tell("socket client " + std::to_string(peer.pid) + " (" + peer.name +
                     ") was closed: " + why);
    if (const auto client = std::exchange(connection.client, nullptr)) {
        clients_.leave(client);
        tell_disconnected_later(client);
    }
    if (connections_.erase(&connection) != 0) listener_.left(peer.uid);
}

void Gateway::dump(bool kernels_only) {
    wanted_dumps_[kernels_only] = true;
    if (dump_timer_ == 0) dump_wanted();
}

// It takes as long as there are buffers: who asks again and again gets one dump for all, and a tenth of the time.
void Gateway::dump_wanted() {
    const std::uint64_t begun = shm::monotonic_ns();
    for (const bool kernels_only : {false, true}) {
        if (!std::exchange(wanted_dumps_[kernels_only], false)) continue;
        std::size_t count = 0;
        clients_.for_each(
            [&](const ClientProcess& client) { count += log_.dump(client, kernels_only, begun); });
        log_.dump_total(count, kernels_only);
    }
    const std::chrono::nanoseconds rest(kDumpRest * (shm::monotonic_ns() - begun));
    dump_timer_ = loop_.after(std::chrono::ceil<std::chrono::milliseconds>(rest), [this] {
        dump_timer_ = 0;
        if (wanted_dumps_[false] || wanted_dumps_[true]) dump_wanted();
    });
}

}  // namespace tidemark::collector::gateway
