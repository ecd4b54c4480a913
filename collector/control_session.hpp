// SPDX-License-Identifier: Apache-2.0
//
// One control client, from its connection to its end: reads one request, answers it, streams events if that was asked.
// Never blocks; what a client may occupy is bounded in bytes and in time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "collector/control_request.hpp"
#include "collector/drain_door.hpp"
#include "collector/event_loop.hpp"
#include "collector/sinks.hpp"

namespace tidemark::collector {

// What the collector says of itself.
struct ControlIdentity {
    int pid = 0;
    std::string instance;
    std::uint64_t generation = 0;
    std::string version;
    std::uint64_t started_unix_ns = 0;
};

// Shared by all sessions; outlives them.
struct ControlContext {
    EventLoop& loop;
    DrainDoor& door;
    Sinks& sinks;
    ControlIdentity identity;
    std::function<void()>
        look_first;  // hand over what the directory watch already knows: an answer must cover it
    std::function<void()> request_stop;
};

class ControlSession : public std::enable_shared_from_this<ControlSession> {
public:
    static constexpr std::size_t kMaxRequest = 4096;
    static constexpr std::chrono::seconds kPatience{
        10};  // for a whole request, and for an answer to be read

    // Takes the descriptor. `closed` is called once, when the client is gone. The loop's thread only, all of it.
    ControlSession(ControlContext& context, int descriptor,
                   std::function<void(ControlSession*)> closed);
    ~ControlSession();
    ControlSession(const ControlSession&) = delete;
    ControlSession& operator=(const ControlSession&) = delete;

    void start();
    // Answers with an error, then closes.
    void refuse(const std::string& reason);
    // The drain side has ended: who asked for that gets its answer, who waits for something else an error, who
    // follows events the rest of them.
    void drain_ended();
    void close();
    // True once the client has closed its end, which the loop may not have come to yet.
    bool client_is_gone() const noexcept;

private:
    enum class State { kReading, kWaiting, kStopping, kStreaming, kClosing };

    void on_events(std::uint32_t epoll_events);
    void read_input();
    void handle(std::string_view line);
    void answer_status();
    void answer_flush();
    void answer_clean();
    void settle();
    void settle_done();
    void stream(EventFilter filter);
    void answer(const nlohmann::json& json);  // then closes
    void send_line(const nlohmann::json& json);
    void send_more();
    void set_patience();
    template <typename Function>
    auto if_alive(Function function);

    ControlContext& context_;
    int descriptor_;
    std::function<void(ControlSession*)> closed_;
    State state_ = State::kReading;
    std::string input_;
    std::string output_;
    EventLoop::Timer patience_ = 0;
    EventLoop::Timer poll_ = 0;
    std::chrono::steady_clock::time_point settle_until_;
    std::chrono::milliseconds settle_pause_{2};
    std::shared_ptr<Subscription> subscription_;
};

}  // namespace tidemark::collector
