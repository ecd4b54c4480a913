// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/connection.hpp"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "shm/clock.hpp"

namespace tidemark::collector::gateway {
namespace {

constexpr std::size_t kReadAtOnce = 32 * 1024;
// A client that asks sends one frame and waits; two frames of a stream follow each other much sooner.
constexpr std::chrono::milliseconds kQuiet{10};

}  // namespace

Connection::~Connection() {
    if (descriptor_ < 0) return;
    loop_.cancel(quiet_);
    loop_.remove(descriptor_);
    ::close(descriptor_);
}

bool Connection::start() {
    return loop_.add(descriptor_, EPOLLIN, [this, self = weak_from_this()](std::uint32_t) {
        if (const auto alive = self.lock()) on_readable();
    });
}

void Connection::resume() {
    if (!paused_ || descriptor_ < 0) return;
    paused_ = false;
    if (!start()) close("it can't be watched: " + std::string(std::strerror(errno)));
}

void Connection::on_readable() {
    if (owner_.must_wait(*this)) {
        paused_ = true;
        loop_.remove(descriptor_);  // a hang-up would be told again and again
        return;
    }
    read_once();
}

// False: there is nothing now, or nothing more will come.
bool Connection::read_once() {
    std::array<std::byte, kReadAtOnce> bytes;
    const ssize_t size = recv(descriptor_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    loop_.cancel(quiet_);
    quiet_ = 0;
    if (size <= 0) {
        ended();
        return false;
    }
    stream_.add(std::span(bytes).first(static_cast<std::size_t>(size)));
    hand_over();
    return true;
}

bool Connection::read_rest(std::uint64_t until_ns) {
    const auto self = shared_from_this();
    while (descriptor_ >= 0 && !has_ended_) {
        if (owner_.must_wait(*this) || shm::monotonic_ns() >= until_ns) return false;
        if (read_once()) continue;
        // What came may be whole messages, and nothing more is waited for.
        if (descriptor_ >= 0 && stream_.is_undecided()) {
            stream_.quiet();
            hand_over();
        }
        break;
    }
    return true;
}

void Connection::take_no_more() const noexcept {
    if (descriptor_ >= 0) shutdown(descriptor_, SHUT_RD);
}

std::uint64_t Connection::unread() const noexcept {
    int bytes = 0;
    if (descriptor_ < 0 || ioctl(descriptor_, FIONREAD, &bytes) != 0 || bytes < 0) return 0;
    return static_cast<std::uint64_t>(bytes);
}

void Connection::hand_over() {
    const auto self = shared_from_this();  // the owner may close this connection
    while (descriptor_ >= 0) {
        const auto frame = stream_.next();
        if (!frame) break;
        owner_.on_frame(*this, *frame);
    }
    owner_.on_pause();
    if (descriptor_ < 0) return;
    if (stream_.is_garbage())
        close("its bytes are no message of the older protocol, in any of its five versions");
    else if (stream_.is_undecided())
        await_quiet();
}

void Connection::await_quiet() {
    quiet_ = loop_.after(kQuiet, [this, self = weak_from_this()] {
        const auto alive = self.lock();
        if (!alive || descriptor_ < 0) return;
        quiet_ = 0;
        stream_.quiet();
        if (!stream_.is_undecided()) hand_over();
    });
}

// The other end was closed. What is there may still be a whole frame.
void Connection::ended() {
    const auto self = shared_from_this();
    stream_.quiet();
    hand_over();
    if (descriptor_ < 0) return;
    loop_.cancel(quiet_);
    has_ended_ = true;
    loop_.remove(descriptor_);  // the end would be told again and again
    if (unanswered_ == 0) close_ended();
}

void Connection::close_ended() {
    const std::size_t rest = stream_.pending();
    close(rest == 0 ? "" : "it ended " + std::to_string(rest) + " bytes into a message");
}

void Connection::answer(const EncodedFrame& frame) {
    if (descriptor_ < 0) return;
    const ssize_t sent =
        send(descriptor_, frame.bytes.data(), frame.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    --unanswered_;
    if (has_ended_ && unanswered_ == 0) return close_ended();
    if (sent != static_cast<ssize_t>(frame.size) && !has_ended_)
        close("it does not read its answers");
}

void Connection::close(const std::string& why) {
    if (descriptor_ < 0) return;
    loop_.cancel(quiet_);
    loop_.remove(descriptor_);
    ::close(descriptor_);
    descriptor_ = -1;
    owner_.on_closed(*this, why);
}

}  // namespace tidemark::collector::gateway
