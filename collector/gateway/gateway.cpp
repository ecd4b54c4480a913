// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/gateway.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "collector/log.hpp"
#include "shm/clock.hpp"

namespace tidemark::collector::gateway {
namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptAtOnce = 64;
constexpr std::chrono::milliseconds kRetry{1};
constexpr std::uint64_t kPatienceNs =
    3'000'000'000;  // of a question, with clients whose rings are full
constexpr std::uint64_t kEndPatienceNs =
    200'000'000;  // of a question, with clients that end all the time
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::milliseconds kEndDelay{50};
constexpr std::uint64_t kDumpRest = 9;  // times as long as a dump took, until the next
// Root serves everybody, as the older server did; others only themselves, for a ring must belong to whom it tells of.
mode_t socket_mode() { return geteuid() == 0 ? 0666 : 0600; }

}  // namespace

Gateway::Gateway(EventLoop& loop, DrainDoor& door, GatewaySettings settings)
    : loop_(loop),
      door_(door),
      settings_(std::move(settings)),
      log_(loop, settings_.log),
      figures_(settings_.instance),
      clients_(loop, settings_.instance,
               [this](const ClientProcess& client) { client_ended(client); }) {}

Gateway::~Gateway() { close(); }

bool Gateway::open(std::string& error) {
    if (!socket_.open(settings_.path, error, socket_mode(), kBacklog)) return false;
    if (!loop_.add(socket_.descriptor(), EPOLLIN, [this](std::uint32_t) { accept_clients(); })) {
        error = "cannot watch the socket " + settings_.path + ": " + std::strerror(errno);
        socket_.close();
        return false;
    }
    log_.listening(settings_.path);
    const std::uint64_t now = shm::monotonic_ns();
    for (const tidemark_device_row& device : figures_.devices())
        log_.device(device, figures_.of(static_cast<std::int32_t>(device.device), now));
    return true;
}

void Gateway::close() {
    if (socket_.descriptor() < 0) return;
    loop_.remove(socket_.descriptor());
    socket_.close();
    clients_.pump();
    const auto all = std::move(connections_);
    connections_.clear();
    for (const auto& [connection, owned] : all)
        connection->close("");
}

void Gateway::accept_clients() {
    for (int i = 0; i < kAcceptAtOnce; ++i) {
        const int descriptor =
            accept4(socket_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (descriptor >= 0) {
            admit(descriptor);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return look_again_later();
        }
    }
}

// No descriptor is to be had: who wants to connect waits, and the loop must not spin meanwhile.
void Gateway::look_again_later() {
    if (!std::exchange(told_of_crowd_, true))
        log_warning("cannot accept more clients on " + settings_.path + ": " +
                    std::strerror(errno) + "; they wait until others leave");
    loop_.remove(socket_.descriptor());
    loop_.after(kAcceptPause, [this] {
        if (socket_.descriptor() >= 0 &&
            !loop_.add(socket_.descriptor(), EPOLLIN, [this](std::uint32_t) { accept_clients(); }))
            look_again_later();
    });
}

void Gateway::admit(int descriptor) {
    auto connection = std::make_shared<Connection>(loop_, *this, descriptor, peer_of(descriptor));
    if (connections_.size() >= kMostConnections) {
        if (!std::exchange(told_of_crowd_, true))
            log_warning("more than " + std::to_string(kMostConnections) + " clients on " +
                        settings_.path + "; further ones are closed");
        return;
    }
    if (connection->start()) connections_.emplace(connection.get(), connection);
}

void Gateway::on_frame(Connection& connection, const Frame& frame) {
    switch (frame.type) {
        case FrameType::kQuery:
            return ask(connection, FrameType::kResponse, frame.device);
        case FrameType::kDeviceInfoQuery:
            return ask(connection, FrameType::kDeviceInfoResponse, frame.device);
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
        connection.client = clients_.join(connection.peer());
        if (connection.client->connections == 1) log_.connected(connection.peer());
    }
    std::string error;
    ClientProcess& client = *connection.client;
    const Applied applied = client.apply(frame, shm::monotonic_ns(), error);
    if (!error.empty()) log_warning(error);
    log_.event(frame, applied, client);
    if (touched_.empty() || touched_.back() != connection.client)
        touched_.push_back(connection.client);
}

void Gateway::on_pause() {
    for (const std::shared_ptr<ClientProcess>& client : touched_) {
        client->wake();
        if (client->is_waiting()) pump();
    }
    touched_.clear();
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
    for (const auto& connection : std::vector(connections_.begin(), connections_.end()))
        if (!must_wait(*connection.second)) connection.second->resume();
}

void Gateway::on_closed(Connection& connection) {
    const auto place = connections_.find(&connection);
    if (place == connections_.end() && !connection.client) return;
    if (const auto client = std::exchange(connection.client, nullptr)) {
        clients_.leave(client);
        tell_disconnected_later(client);
    }
    if (place != connections_.end()) connections_.erase(place);
    told_of_crowd_ = false;
}

// A process that ends closes its sockets a moment before its end can be seen.
void Gateway::tell_disconnected_later(const std::shared_ptr<ClientProcess>& client) {
    if (client->connections != 0 || client->is_dead) return;
    loop_.after(kEndDelay, [this, weak = std::weak_ptr<ClientProcess>(client)] {
        const auto alive = weak.lock();
        if (alive && alive->connections == 0 && !alive->is_dead) log_.disconnected(*alive);
    });
}

void Gateway::ask(Connection& connection, FrameType answer, std::int32_t device) {
    connection.expect_answer();
    questions_.push_back({connection.weak_from_this(), answer, device, shm::monotonic_ns()});
    answer_all();
}

// Everything that was received before a question is in its answer. One publication serves all who ask meanwhile.
void Gateway::answer_all() {
    if (is_flushing_ || questions_.empty()) return;
    is_flushing_ = true;
    door_.ask_flush(
        [this, asked = std::exchange(questions_, {}), ends = ends_](FlushAnswer) mutable {
            is_flushing_ = false;
            const std::uint64_t now = shm::monotonic_ns();
            if (is_crowded_ && asked.front().since_ns + kPatienceNs > now)
                return ask_again(std::move(asked), kRetry);
            if (ends != ends_ && asked.front().since_ns + kEndPatienceNs > now)
                return ask_again(std::move(asked), {});
            for (const Question& question : asked) {
                if (const auto connection = question.who.lock())
                    connection->answer(encode(connection->version(), question.answer,
                                              question.device, figures_.of(question.device, now)));
            }
            answer_all();
        });
}

// What was received and waits for room is not published yet; what a client left that ended meanwhile may be still, and
// is in the grace's sums too. Nobody is waited for without end.
void Gateway::ask_again(Questions asked, std::chrono::milliseconds pause) {
    asked.insert(asked.end(), questions_.begin(), questions_.end());
    questions_ = std::move(asked);
    is_flushing_ = true;
    loop_.after(pause, [this] {
        is_flushing_ = false;
        answer_all();
    });
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

void Gateway::client_ended(const ClientProcess& client) {
    ++ends_;
    const std::uint64_t now = shm::monotonic_ns();
    const std::vector<HeldBuffers::Freed> left = client.held().all();
    log_.ended(client.peer(), left, now);
    // Before its ring is released.
    door_.processes_ended({{client.image(), client.ending, client.lost_without_ring()}});
    figures_.remember(left,
                      shm::monotonic_ns() + static_cast<std::uint64_t>(settings_.grace.count()));
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
