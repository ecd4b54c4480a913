// SPDX-License-Identifier: Apache-2.0
#include "collector/control_session.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

namespace tidemark::collector {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLongestPause{50};  // between two looks of a settle

}  // namespace

// An answer from another thread may find its client gone.
template <typename Function>
auto ControlSession::if_alive(Function function) {
    return [weak = weak_from_this(), function](auto&&... arguments) {
        const auto session = weak.lock();
        if (session && session->state_ != State::kClosing) function(*session, arguments...);
    };
}

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
            settle_until_ = Clock::now() + request.timeout;
            return settle();
        case ControlRequest::Command::kEvents:
            return stream(std::move(request.filter));
        case ControlRequest::Command::kStop:
            state_ = State::kStopping;
            return context_.request_stop();
    }
}

void ControlSession::answer_status() {
    context_.door.ask_running(if_alive([](ControlSession& self, std::size_t running) {
        const ControlIdentity& identity = self.context_.identity;
        self.answer({{"ok", true},
                     {"pid", identity.pid},
                     {"instance", identity.instance},
                     {"generation", identity.generation},
                     {"version", identity.version},
                     {"started_unix_ns", identity.started_unix_ns},
                     {"processes_running", running}});
    }));
}

void ControlSession::answer_flush() {
    context_.door.ask_flush(if_alive([](ControlSession& self, FlushAnswer flushed) {
        self.answer({{"ok", true}, {"pass", flushed.pass}});
    }));
}

void ControlSession::answer_clean() {
    context_.door.ask_clean(
        if_alive([](ControlSession& self, const std::vector<std::string>& removed) {
            self.answer({{"ok", true}, {"removed", removed}});
        }));
}

void ControlSession::settle() {
    context_.look_first();
    context_.door.ask_running(if_alive([](ControlSession& self, std::size_t running) {
        if (running == 0 || Clock::now() >= self.settle_until_) return self.settle_done();
        self.poll_ = self.context_.loop.after(self.settle_pause_, [&self] { self.settle(); });
        self.settle_pause_ = std::min(2 * self.settle_pause_, kLongestPause);
    }));
}

void ControlSession::settle_done() {
    context_.door.ask_flush(if_alive([](ControlSession& self, FlushAnswer flushed) {
        // One may have been found by the last look.
        if (flushed.running > 0 && Clock::now() < self.settle_until_) return self.settle();
        self.answer({{"ok", true}, {"running", flushed.running}});
    }));
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
    output_ += json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
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
