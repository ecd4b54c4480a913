// SPDX-License-Identifier: Apache-2.0
//
// A ring that the collector writes for a client of its sockets, so that the client's events take the way of all others:
// the same accounts, journal, leak reports and viewers, and what was appended outlives a kill of the collector. One
// lane, one thread; the lock on it ends with the object.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "collector/gateway/peer.hpp"
#include "shm/lane_writer.hpp"
#include "shm/raw_segment.hpp"

namespace tidemark::collector::gateway {

// The event loop's thread only.
class ProxyRing {
public:
    // Null: `error` says what was tried and why it failed.
    static std::unique_ptr<ProxyRing> make(const Peer& peer, const std::string& instance,
                                           std::string& error);
    // The ring is released; what is in it is still drained.
    ~ProxyRing();
    ProxyRing(const ProxyRing&) = delete;
    ProxyRing& operator=(const ProxyRing&) = delete;

    std::uint64_t image() const noexcept { return ring_.image; }
    // Stamps the event and makes it readable. False: no room until the drain side has taken some.
    [[nodiscard]] bool append(shm::Event event) noexcept;
    // After some appends: wakes the drain side if it sleeps.
    void wake() noexcept;
    // Events that were not appended, and why.
    void count_lost(tidemark_loss_cause cause, const shm::LossCounter& lost) noexcept;

private:
    ProxyRing() = default;
    bool fill(const Peer& peer, const std::string& instance, std::string& error);
    void grow(std::uint64_t at) noexcept;
    shm::RingHeader& header() const noexcept {
        return *reinterpret_cast<shm::RingHeader*>(ring_.base);
    }

    shm::RawRing ring_;
    shm::LaneWriter writer_{};
    shm::BellPage* bell_ = nullptr;
    shm::ClockKind clock_ = shm::ClockKind::kMonotonic;
    std::uint64_t next_block_ = 0;
    int guard_ = -1;  // the object belongs to the client's user, who may truncate it
};

}  // namespace tidemark::collector::gateway
