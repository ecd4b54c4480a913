// SPDX-License-Identifier: Apache-2.0
#include "collector/control_session.hpp"
#include "collector/plain_text.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

namespace tidemark::collector {
namespace {

using Json = nlohmann::json;

}  // namespace

ControlSession::ControlSession(ControlContext& context, int descriptor,
                               std::function<void(ControlSession*)> closed)
    : context_(context), descriptor_(descriptor), closed_(std::move(closed)) {}

ControlSession::~ControlSession() { close(); }

void ControlSession::start() {
    const bool added =
        context_.loop.add(descriptor_, EPOLLIN, [this](std::uint32_t e) { on_events(e); });
    if (!added) return close();
    set_patience();
}

void ControlSession::set_patience() {
    context_.loop.cancel(patience_);
    patience_ = context_.loop.after(kPatience, [this] {
        if (state_ == State::kReading)
            return refuse("no whole request within 10 s: one line of JSON is expected");
        close();
    });
}

void ControlSession::close() {
    if (descriptor_ < 0) return;
    context_.loop.cancel(patience_);
    context_.loop.cancel(poll_);
    context_.loop.remove(descriptor_);
    if (subscription_) context_.sinks.unsubscribe(subscription_);
    ::close(descriptor_);
    descriptor_ = -1;
    state_ = State::kClosing;
    closed_(this);
}

bool ControlSession::client_is_gone() const noexcept {
    pollfd state{descriptor_, 0, 0};  // hang-ups are always told
    return poll(&state, 1, 0) > 0;
}

void ControlSession::on_events(std::uint32_t epoll_events) {
    const auto alive = shared_from_this();
    if ((epoll_events & EPOLLIN) != 0 && state_ == State::kReading) read_input();
    if (descriptor_ >= 0 && (epoll_events & EPOLLOUT) != 0) send_more();
    if (descriptor_ >= 0 && (epoll_events & (EPOLLHUP | EPOLLERR)) != 0) close();
}

void ControlSession::read_input() {
    char bytes[kMaxRequest + 1];
    const ssize_t size = recv(descriptor_, bytes, sizeof(bytes), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size < 0) return close();
    input_.append(bytes, static_cast<std::size_t>(size));
    const std::size_t end = input_.find('\n');
    // A client that has shut its side down has said all: its line may lack the newline.
    const bool whole = end != std::string::npos || (size == 0 && !input_.empty());
    if (std::min(end, input_.size()) > kMaxRequest) return refuse("request longer than 4096 bytes");
    if (whole) return handle(std::string_view(input_).substr(0, end));
    if (size == 0) close();
}

void ControlSession::handle(std::string_view line) {
    context_.loop.cancel(patience_);
    context_.loop.change(descriptor_, 0);  // errors and the end of the connection are always told
    ControlRequest request;
    std::string error;
    if (!parse_control_request(line, request, error)) return refuse(error);
    state_ = State::kWaiting;
    context_.look_first();
    switch (request.command) {
        case ControlRequest::Command::kStatus:
            return answer_status();
        case ControlRequest::Command::kFlush:
            return answer_flush();
        case ControlRequest::Command::kClean:
            return answer_clean();
        case ControlRequest::Command::kSettle:
            settle_until_ = std::chrono::steady_clock::now() + request.timeout;
            return settle();
        case ControlRequest::Command::kEvents:
            return stream(std::move(request.filter));
        case ControlRequest::Command::kStop:
            state_ = State::kStopping;
            return context_.request_stop();
    }
}

void ControlSession::stream(EventFilter filter) {
    state_ = State::kStreaming;
    const auto wake = [&loop = context_.loop, weak = weak_from_this()] {
        loop.post([weak] {
            if (const auto session = weak.lock()) session->send_more();
        });
    };
    subscription_ = std::make_shared<Subscription>(std::move(filter), wake);
    context_.sinks.subscribe(subscription_);
    send_line({{"ok", true}});
}

void ControlSession::drain_ended() {
    if (state_ == State::kStopping) return answer({{"ok", true}});
    if (state_ == State::kStreaming) {
        state_ = State::kClosing;
        set_patience();
        return send_more();
    }
    if (state_ != State::kClosing) refuse("the collector is stopping");
}

void ControlSession::refuse(const std::string& reason) {
    answer({{"ok", false}, {"error", reason}});
}

void ControlSession::answer(const Json& json) {
    state_ = State::kClosing;
    set_patience();
    send_line(json);
}

void ControlSession::send_line(const Json& json) {
    output_ += plain_json(json.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
    send_more();
}

void ControlSession::send_more() {
    if (descriptor_ < 0) return;
    while (true) {
        if (output_.empty() && subscription_) output_ = subscription_->take();
        if (output_.empty()) break;
        const ssize_t sent =
            send(descriptor_, output_.data(), output_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && errno == EAGAIN) return context_.loop.change(descriptor_, EPOLLOUT);
        if (sent < 0) return close();
        output_.erase(0, static_cast<std::size_t>(sent));
    }
    if (state_ == State::kClosing) return close();
    context_.loop.change(descriptor_, 0);
}

}  // namespace tidemark::collector
