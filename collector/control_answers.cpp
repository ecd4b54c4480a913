// SPDX-License-Identifier: Apache-2.0
//
// The answers of a control session that come from the drain side, some time after the question.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "collector/control_session.hpp"

namespace tidemark::collector {
namespace {

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

}  // namespace tidemark::collector
