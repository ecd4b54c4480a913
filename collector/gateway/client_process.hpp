// SPDX-License-Identifier: Apache-2.0
//
// A process that reports through the sockets, over all of its connections: who it is, what it holds, its ring, and what
// waits for room there. It ends when it is dead and its last connection has been read to the end.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "collector/ending.hpp"
#include "collector/gateway/frame.hpp"
#include "collector/gateway/held_buffers.hpp"
#include "collector/gateway/proxy_ring.hpp"
#include "collector/shares.hpp"

namespace tidemark::collector::gateway {

// What became of one frame, for the log.
struct Applied {
    bool is_known = false;  // taken, and a free found its buffer
    std::uint32_t pool = 0;
    std::uint64_t size = 0;
};

// The event loop's thread only.
class ClientProcess {
public:
    // `room`: how many buffers are held, of all clients; outlives this.
    ClientProcess(Peer peer, std::string instance, Shares& room)
        : peer_(std::move(peer)), instance_(std::move(instance)), room_(room) {}
    ~ClientProcess();
    ClientProcess(const ClientProcess&) = delete;
    ClientProcess& operator=(const ClientProcess&) = delete;

    const Peer& peer() const noexcept { return peer_; }
    const HeldBuffers& held() const noexcept { return held_; }
    // 0 until the first event.
    std::uint64_t image() const noexcept { return ring_ ? ring_->image() : 0; }

    // An event frame; `now_ns` is CLOCK_MONOTONIC. What can't be one (a device or pool that there is not) is counted as
    // lost, as is what comes while no ring can be had, and an allocation for which there is no room among those that are
    // held; `error` tells of either once.
    Applied apply(const Frame& frame, std::uint64_t now_ns, std::string& error);
    // From now on the process's own ring tells of that device: what is held there is let go, and nothing more is taken.
    void leave_device(std::uint32_t device);

    // What was lost while there was no ring, if there never was one.
    shm::LossCounter lost_without_ring() const noexcept {
        return ring_ ? shm::LossCounter{} : without_ring_;
    }

    // Moves what waits into the ring. False: some still waits. A ring that nobody drains (it is damaged, or there was no
    // space for its account) is waited for a while, then what waits is lost, and so is the rest until there is room.
    bool pump(std::uint64_t now_ns);
    bool is_waiting() const noexcept { return !backlog_.empty(); }
    // Waits no more: what waits is lost, and what comes while there is no room.
    void give_up();
    // So many messages were not read, and won't be: what they were is not known.
    void count_unread(std::uint64_t messages);
    void wake() noexcept {
        if (ring_) ring_->wake();
    }

    std::pair<pid_t, std::uint64_t> known_as;  // among the clients
    std::uint32_t connections = 0;
    bool is_dead = false;    // the process ended, or executes another program
    Ending ending;           // once it is dead, as far as it could be seen
    bool is_ending = false;  // it is over, and waited for what may still come
    bool is_over() const noexcept { return is_dead && connections == 0 && !is_waiting(); }

private:
    void send(const shm::Event& event);
    void lose(const shm::Event& event);
    bool has_ring(std::uint64_t now_ns, std::string& error);
    Applied allocate(const Frame& frame, std::uint32_t pool, std::uint64_t now_ns,
                     std::string& error);
    bool takes_room(std::string& error);
    Applied free(const Frame& frame, std::uint32_t pool_mask);

    Peer peer_;
    std::string instance_;
    Shares& room_;
    bool told_of_room_ = false;
    std::unique_ptr<ProxyRing> ring_;
    std::uint64_t try_again_ns_ = 0;  // CLOCK_MONOTONIC; 0: no ring has been refused yet
    shm::LossCounter without_ring_{};
    HeldBuffers held_;
    std::set<std::uint32_t> left_devices_;
    std::deque<shm::Event> backlog_;
    std::uint64_t stuck_since_ns_ = 0;  // CLOCK_MONOTONIC; 0: it was moved into the ring
    bool has_given_up_ = false;         // until there is room again
};

}  // namespace tidemark::collector::gateway
