// SPDX-License-Identifier: Apache-2.0
//
// One connection to the older allocation server's socket: bytes in, frames out to the gateway, answers back in one send
// each. Never blocks; a client that sends what no version explains, or doesn't read its answers, is closed and told of.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "collector/event_loop.hpp"
#include "collector/gateway/clients.hpp"
#include "collector/gateway/frame_stream.hpp"

namespace tidemark::collector::gateway {

class Connection : public std::enable_shared_from_this<Connection> {
public:
    // What the connection's owner is asked; all of it on the event loop's thread.
    class Owner {
    public:
        virtual ~Owner() = default;
        virtual void on_frame(Connection& connection, const Frame& frame) = 0;
        // Frames were handed over, and no more are there now.
        virtual void on_pause() = 0;
        // True: the connection reads no more until resume().
        virtual bool must_wait(const Connection& connection) const = 0;
        // `why`: empty if there is nothing to tell of.
        virtual void on_closed(Connection& connection, const std::string& why) = 0;
    };

    // Takes the descriptor.
    Connection(EventLoop& loop, Owner& owner, int descriptor, Peer peer)
        : loop_(loop), owner_(owner), descriptor_(descriptor), peer_(std::move(peer)) {}
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // False: the descriptor can't be watched; errno tells.
    [[nodiscard]] bool start();
    void resume();
    // Hands over what has come so far, without waiting for more; false: some is left, for it must wait, or it was not
    // at its end by `until_ns` (CLOCK_MONOTONIC).
    bool read_rest(std::uint64_t until_ns);
    // Whoever sends from now on is told that nobody reads; what was sent before can be read.
    void take_no_more() const noexcept;
    // Bytes that came and were not read; those of a message that was cut are not among them.
    std::uint64_t unread() const noexcept;
    // Its process executes another program: who speaks from now on.
    void look_at_peer_again() { peer_ = looked_at_again(peer_); }
    // A question was handed over: the connection stays until its answer, even if the client sends no more.
    void expect_answer() noexcept { ++unanswered_; }
    // Ignored once the client is gone.
    void answer(const EncodedFrame& frame);
    void close(const std::string& why);

    const Peer& peer() const noexcept { return peer_; }
    int descriptor() const noexcept { return descriptor_; }
    FrameVersion version() const noexcept { return stream_.version().value_or(FrameVersion::kA); }

    // Set by the owner on the client's first event.
    std::shared_ptr<ClientProcess> client;

private:
    void on_readable();
    bool read_once();
    void hand_over();
    void ended();
    void close_ended();
    void await_quiet();

    EventLoop& loop_;
    Owner& owner_;
    int descriptor_;
    Peer peer_;
    FrameStream stream_;
    EventLoop::Timer quiet_ = 0;
    bool paused_ = false;
    bool has_ended_ = false;  // nothing more comes
    std::size_t unanswered_ = 0;
};

}  // namespace tidemark::collector::gateway
