// SPDX-License-Identifier: Apache-2.0
//
// One round of draining: cut, merge, apply, commit. Publishing comes after it and is not its business.
//
//   cut      W = now - 1 us is read once, before any head: what is taken is published and stamped <= W, so whatever
//            caused an event that is taken was published before W, and is taken too (causally closed)
//   merge    the lanes of an image by stamp; a quantum ends the merged stream, never a single lane
//   apply    in place, old bytes journaled first
//   commit   maxima stored, accounts sealed, journal emptied with one store; then lane space is given back
#pragma once

#include <cstdint>
#include <vector>

#include "collector/drain/clock_calibration.hpp"
#include "collector/drain/coverage.hpp"
#include "collector/drain/image.hpp"
#include "collector/drain/ledger.hpp"
#include "collector/drain/totals.hpp"

namespace tidemark::collector {

// Drain thread only.
class Pass {
public:
    Pass(Ledger& ledger, Totals& totals, const ClockCalibration& clock, SinkPort& sinks)
        : ledger_(ledger), totals_(totals), clock_(clock), sinks_(sinks) {}

    // Drains `images` once, about `share` events of each at most. Returns events applied; `moved` gets the images whose account changed. `all` waits out the
    // last microsecond, so that everything published before the call is taken: for flush and for an image's end.
    std::uint64_t run(const std::vector<Image*>& images, std::vector<Image*>& moved,
                      std::uint32_t share, bool all);
    // True if the last run left something that it could have taken.
    bool left_work() const noexcept { return left_work_; }
    // True if the last run had to leave work for want of space in /dev/shm.
    bool is_starved() const noexcept { return is_starved_; }
    // Devices of socket clients that the last run found told of by the clients' own rings.
    const std::vector<Covered>& covered() const noexcept { return covered_; }
    // The image whose turn it was when the last run ended early; 0: all had theirs.
    std::uint64_t stopped_before() const noexcept { return stopped_before_; }

private:
    // A lane with records, and the part of them that was copied.
    struct Feed {
        shm::LaneReader* lane = nullptr;
        std::uint32_t index = 0;
        std::uint64_t head = 0;
        shm::LanePosition chunk_start{};
        std::size_t chunk = 0, next = 0;  // records copied, records applied
        std::size_t buffer = 0;           // first place in events_
    };
    static constexpr std::size_t kChunk = 512;

    bool drain(Image& image);
    void open_feeds(Image& image);
    bool refill(Feed& feed, Image& image);
    bool admit(Feed& feed, Account& account, shm::Event& event);
    void drain_single(Feed& feed, Image& image);
    void drain_merged(Image& image);
    void close_feeds(Image& image);
    void name_pools(Image& image);
    void apply(Feed& feed, Account& account, const shm::Event& event);
    bool room_for_event();
    void cover(std::vector<Image*>& moved);
    void commit(std::vector<Image*>& moved, std::uint64_t events);
    bool read_live_words(Image& image);

    Ledger& ledger_;
    Totals& totals_;
    const ClockCalibration& clock_;
    SinkPort& sinks_;
    Nursery nursery_;
    std::vector<Feed> feeds_;
    std::vector<shm::Event> events_;
    std::vector<std::uint64_t> hashes_;  // of events_, place by place
    std::uint64_t limit_ = 0;            // W
    std::uint64_t far_ahead_ = 0;        // W + 1 s: beyond it a stamp is a clock step
    std::size_t share_ = 0;              // most events of an image in this run
    std::size_t chunk_ = kChunk;         // records that are copied of a lane at once
    std::uint64_t planned_ = 0;          // undo records that sealing will need
    std::vector<Covered> covered_;
    bool left_work_ = false;
    bool is_starved_ = false;
    std::uint64_t stopped_before_ = 0;
    bool follow_ = false;
};

}  // namespace tidemark::collector
