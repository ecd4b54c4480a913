// SPDX-License-Identifier: Apache-2.0
//
// The lanes of one image in a pass: copied in chunks, merged by stamp, applied event by event.
#include <algorithm>

#include "collector/drain/pass.hpp"

namespace tidemark::collector {
namespace {

constexpr std::size_t kPrefetchAhead = 8;

// Hands an account's records on with their stamps made nanoseconds.
class Follower final : public SinkPort {
public:
    Follower(SinkPort& sinks, const ClockCalibration& clock) : sinks_(sinks), clock_(clock) {}
    bool wants_events() const noexcept override { return true; }
    void push(const SinkRecord& record) noexcept override {
        SinkRecord timed = record;
        timed.time_unix_ns = clock_.unix_ns(record.time_unix_ns);
        sinks_.push(timed);
    }
    std::uint64_t dropped() const noexcept override { return sinks_.dropped(); }

private:
    SinkPort& sinks_;
    const ClockCalibration& clock_;
};

}  // namespace

// False: the pass must be committed first, or no space is left for more of the journal.
bool Pass::room_for_event() {
    const std::uint64_t records = planned_ + LiveTable::kMostRecords + Account::kRecordsBeside;
    if (ledger_.journal().reserve(records)) return true;
    is_starved_ |= ledger_.journal().count() == 0;
    return false;
}

void Pass::open_feeds(Image& image) {
    feeds_.clear();
    std::vector<shm::LaneReader>& lanes = image.ring->lanes();
    for (std::uint32_t i = 0; i < lanes.size(); ++i) {
        const std::uint64_t head = lanes[i].head();
        if (head == lanes[i].cursor.position) continue;
        if (!lanes[i].head_is_possible(head)) {
            image.ring->put_in_quarantine(TIDEMARK_QUARANTINE_INDEX);
            continue;
        }
        if (!image.account->make_positions_ready((i | 1u) + 1)) {
            is_starved_ = left_work_ = true;
            return feeds_
                .clear();  // not the others without it: a free could come before its allocation
        }
        if (lanes[i].cursor.block_offset == 0 && !lanes[i].begin()) {
            image.ring->put_in_quarantine(TIDEMARK_QUARANTINE_HEADER);
            continue;
        }
        Feed feed;
        feed.lane = &lanes[i];
        feed.index = i;
        feed.head = head;
        feed.buffer = feeds_.size() * kChunk;
        feed.chunk_start = lanes[i].cursor;
        feeds_.push_back(feed);
    }
    // What is copied of many lanes and not applied was copied in vain.
    chunk_ = std::clamp(share_ / std::max<std::size_t>(feeds_.size(), 1), kPrefetchAhead, kChunk);
    if (events_.size() < feeds_.size() * kChunk) {
        events_.resize(feeds_.size() * kChunk);
        hashes_.resize(events_.size());
    }
}

// Copies the lane's next records. False: no more up to its cut, or the lane can't be trusted.
bool Pass::refill(Feed& feed, Image& image) {
    feed.chunk_start = feed.lane->cursor;
    feed.next = 0;
    feed.chunk = 0;
    if (feed.lane->cursor.position == feed.head) return false;
    tidemark_quarantine fault = TIDEMARK_QUARANTINE_NONE;
    feed.chunk = feed.lane->take(feed.head, events_.data() + feed.buffer, chunk_, fault);
    if (image.ring->quarantine() != TIDEMARK_QUARANTINE_NONE) fault = image.ring->quarantine();
    if (fault != TIDEMARK_QUARANTINE_NONE) {
        image.ring->put_in_quarantine(fault);
        ++image.account->state.loss[TIDEMARK_LOSS_CORRUPT].allocations;
        image.account->state.gapped = 1;
    }
    if (image.ring->stamped_in_ns() && clock_.kind() != shm::ClockKind::kMonotonic) {
        for (std::size_t i = 0; i < feed.chunk; ++i) {
            shm::Event& event = events_[feed.buffer + i];
            event.stamp = clock_.from_monotonic(event.stamp);
        }
    }
    if (image.ring->call_sites().frames != 0) {
        image.account->keep_call_sites(image.ring->call_sites(), image.ring->modules_used(),
                                       image.ring->stacks_dropped(), events_.data() + feed.buffer,
                                       feed.chunk);
    }
    for (std::size_t i = 0; i < feed.chunk; ++i) {
        hashes_[feed.buffer + i] = image.account->hash(events_[feed.buffer + i]);
        image.account->prefetch_slot(hashes_[feed.buffer + i]);
    }
    for (std::size_t i = 0; i < std::min(feed.chunk, kPrefetchAhead); ++i)
        image.account->prefetch(hashes_[feed.buffer + i]);
    return feed.chunk != 0;
}

// Puts the stamp in order. False: the event is younger than W and waits for the next pass, and with it its lane.
bool Pass::admit(Feed& feed, Account& account, shm::Event& event) {
    if (event.stamp > limit_) {
        if (event.stamp <= far_ahead_) return false;
        ++account.state.clock_steps;
        event.stamp = feed.lane->cursor.last_stamp;
    }
    if (event.stamp < feed.lane->cursor.last_stamp) event.stamp = feed.lane->cursor.last_stamp;
    return true;
}

void Pass::apply(Feed& feed, Account& account, const shm::Event& event) {
    const std::uint64_t* hash = hashes_.data() + feed.buffer + feed.next;
    if (feed.next + kPrefetchAhead < feed.chunk) account.prefetch(hash[kPrefetchAhead]);
    if (follow_) {
        Follower follower(sinks_, clock_);
        account.apply(ledger_.journal(), nursery_, event, *hash, &follower);
    } else {
        account.apply(ledger_.journal(), nursery_, event, *hash, nullptr);
    }
    feed.lane->cursor.last_stamp = event.stamp;
    ++feed.next;
}

void Pass::drain_single(Feed& feed, Image& image) {
    std::uint64_t applied = 0;
    while (refill(feed, image)) {
        while (feed.next < feed.chunk) {
            shm::Event& event = events_[feed.buffer + feed.next];
            if (!admit(feed, *image.account, event)) return;
            if (!room_for_event()) {
                left_work_ = true;
                return;
            }
            apply(feed, *image.account, event);
            ++applied;
        }
        if (applied >= share_) {
            left_work_ = true;
            return;
        }
    }
}

// A binary heap of lanes by the stamp of their next record.
void Pass::drain_merged(Image& image) {
    struct Next {
        std::uint64_t stamp;
        Feed* feed;
    };
    const auto later = [](const Next& a, const Next& b) { return a.stamp > b.stamp; };
    std::vector<Next> heap;
    heap.reserve(feeds_.size());
    const auto advance = [&](Feed& feed, std::uint64_t& stamp) {
        if (feed.next == feed.chunk && !refill(feed, image)) return false;
        shm::Event& event = events_[feed.buffer + feed.next];
        if (!admit(feed, *image.account, event)) return false;
        stamp = event.stamp;
        return true;
    };
    for (Feed& feed : feeds_) {
        Next first{0, &feed};
        if (advance(feed, first.stamp)) heap.push_back(first);
    }
    std::make_heap(heap.begin(), heap.end(), later);
    std::uint64_t applied = 0;
    while (!heap.empty()) {
        if (applied >= share_ || !room_for_event()) {
            left_work_ = true;
            break;
        }
        std::pop_heap(heap.begin(), heap.end(), later);
        Next& first = heap.back();
        // As long as this lane stays ahead of the others it needs no heap.
        const std::uint64_t until = heap.size() > 1 ? heap.front().stamp : UINT64_MAX;
        bool more = true;
        do {
            apply(*first.feed, *image.account, events_[first.feed->buffer + first.feed->next]);
            ++applied;
            more = advance(*first.feed, first.stamp);
        } while (more && first.stamp <= until && applied < share_ && room_for_event());
        if (more)
            std::push_heap(heap.begin(), heap.end(), later);
        else
            heap.pop_back();
    }
}

// Cursors go back to the first record that was copied and not applied.
void Pass::close_feeds(Image& image) {
    for (Feed& feed : feeds_) {
        if (feed.next == feed.chunk) continue;
        const std::uint64_t last_stamp = feed.lane->cursor.last_stamp;
        feed.lane->cursor = feed.chunk_start;
        tidemark_quarantine fault = TIDEMARK_QUARANTINE_NONE;
        feed.lane->take(feed.head, events_.data() + feed.buffer, feed.next, fault);
        if (fault != TIDEMARK_QUARANTINE_NONE) image.ring->put_in_quarantine(fault);
        feed.lane->cursor.last_stamp = last_stamp;
    }
    // Not by asking the ring for its lanes: one that was claimed meanwhile would move the readers that feeds point to.
    std::vector<shm::LanePosition>& positions = image.account->positions;
    for (const Feed& feed : feeds_) {
        if (feed.index >= positions.size()) positions.resize((feed.index | 1u) + 1);
        positions[feed.index] = feed.lane->cursor;
    }
}

}  // namespace tidemark::collector
