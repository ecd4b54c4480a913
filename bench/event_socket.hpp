// SPDX-License-Identifier: Apache-2.0
//
// The rival of event.cpp that sends each event to another process: a message of 112 bytes over a Unix socket, one
// connection a thread, to a server that applies what comes. Always drained: a socket that nobody reads is full after a few
// hundred messages, and then the sender waits.
#pragma once

#include <memory>

#include "bench/event_rivals.hpp"
#include "bench/stand_in_server.hpp"

namespace tidemark::bench {

class SocketEvent : public NothingShared {
public:
    explicit SocketEvent(int thread) : thread_(thread) {}
    static void begin(int threads) { server() = std::make_unique<StandInServer>(threads); }
    static void end() { server().reset(); }
    void operator()(std::uint64_t number) {
        using Message = StandInServer::Message;
        message_.type = is_allocation(number) ? Message::kAllocation : Message::kFree;
        message_.buffer = buffer_of(thread_, number);
        message_.size = 64;
        message_.time = is_allocation(number) ? time() : 0;
        failed_ |= !server()->tell(thread_, message_);
    }
    void stamp(std::uint64_t number) const {
        if (is_allocation(number)) benchmark::DoNotOptimize(time());
    }
    const char* wrong() const { return failed_ ? "a message could not be sent" : nullptr; }

private:
    static std::uint64_t time() { return shm::monotonic_ns(CLOCK_REALTIME); }
    static std::unique_ptr<StandInServer>& server() {
        static std::unique_ptr<StandInServer> one;
        return one;
    }
    int thread_;
    bool failed_ = false;
    StandInServer::Message message_{};
};

}  // namespace tidemark::bench
