// SPDX-License-Identifier: Apache-2.0
//
// The consumer's end of a lane: a private cursor that copies records out of shared memory and checks the copies. It
// trusts no index, offset or record; what can't be is reported once and never followed. It gives space back only when
// told to, after the caller's commit.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shm/kill_point.hpp"
#include "shm/ring_layout.hpp"
#include "tidemark/stats_abi.h"

namespace tidemark::shm {

// Where a consumer stands in a lane: all that must survive the consumer's death.
struct LanePosition {
    std::uint64_t position;      // next record to take
    std::uint64_t block_offset;  // block that record lies in; 0: the lane was never seen
    std::uint64_t last_stamp;    // stamps are clamped up to it
    std::uint32_t capacity;      // of that block, events
    std::uint32_t links;         // followed so far, at most three
};
static_assert(sizeof(LanePosition) == 32);

// One thread. `base` and `size` describe the mapped segment and must outlive the reader.
class LaneReader {
public:
    LaneReader(std::byte* base, std::uint64_t size, std::uint32_t index)
        : base_(base), size_(size), lane_(reinterpret_cast<Lane*>(base + kLanesOffset) + index) {}

    LanePosition cursor{};

    // First sight of a lane: takes its first block from the descriptor. False: the descriptor can't be.
    bool begin() noexcept {
        cursor.capacity = __atomic_load_n(&lane_->first_capacity, __ATOMIC_RELAXED);
        cursor.block_offset = __atomic_load_n(&lane_->first_offset, __ATOMIC_RELAXED);
        return block_is_possible(cursor.block_offset, cursor.capacity) &&
               cursor.capacity <= kFirstBlockEvents;
    }

    // Goes on where an earlier consumer stood. False: there is no such block in this object, and the lane can't be read.
    bool resume(const LanePosition& position) noexcept {
        cursor = position;
        return cursor.block_offset == 0 || block_is_possible(cursor.block_offset, cursor.capacity);
    }

    // Head as published now. SYNC(lane-head): acquire pairs with the writer's release, so that every record below is
    // complete.
    std::uint64_t head() const noexcept { return __atomic_load_n(&lane_->head, __ATOMIC_ACQUIRE); }

    // The copy of a consumer's position that its producer goes by: whether anything was taken, no more.
    bool was_drained() const noexcept {
        return __atomic_load_n(&lane_->tail, __ATOMIC_RELAXED) != 0;
    }

    // A head that a correct producer could have published.
    bool head_is_possible(std::uint64_t head) const noexcept {
        return head - cursor.position <= kMostUnread;
    }

    // Copies at most `most` records up to `head`, following links. Stops with `fault` set at the first thing that a
    // producer can't have written. Advances the cursor over what it copied and over links.
    std::size_t take(std::uint64_t head, Event* out, std::size_t most,
                     tidemark_quarantine& fault) noexcept {
        std::size_t taken = 0;
        while (cursor.position != head) {
            const Event event = record(cursor.position);
            if (event.operation() == Operation::kLink) {
                if (follow(event)) continue;
                fault = TIDEMARK_QUARANTINE_LINK;
                break;
            }
            if (taken == most) break;
            if (!is_possible(event)) {
                fault = TIDEMARK_QUARANTINE_RECORD;
                break;
            }
            put(out[taken++], event);
            ++cursor.position;
        }
        return taken;
    }

    // Gives the producer the space below the committed position. SYNC(lane-tail): release pairs with the writer's
    // acquire, so that our copies were made before it writes there again.
    void release_space(std::uint64_t position) noexcept {
        if (__atomic_load_n(&lane_->tail, __ATOMIC_RELAXED) == position) return;
        TIDEMARK_SHARED_STORE("drain.tail",
                              __atomic_store_n(&lane_->tail, position, __ATOMIC_RELEASE));
    }
    // SYNC(flush): release pairs with the flusher's acquire, so that who sees it finds the figures published.
    void mark_published(std::uint64_t position) noexcept {
        if (__atomic_load_n(&lane_->published, __ATOMIC_RELAXED) == position) return;
        TIDEMARK_SHARED_STORE("drain.published",
                              __atomic_store_n(&lane_->published, position, __ATOMIC_RELEASE));
    }

private:
    // Records that all blocks of a lane hold together, links included.
    static constexpr std::uint64_t kMostUnread =
        kFirstBlockEvents + kGrowthEvents[0] + kGrowthEvents[1] + kMostBlockEvents + 3;

    bool block_is_possible(std::uint64_t offset, std::uint32_t capacity) const noexcept {
        if (capacity == 0 || (capacity & (capacity - 1)) != 0 || capacity > kMostBlockEvents)
            return false;
        const std::uint64_t bytes = std::uint64_t{capacity} * sizeof(Event);
        return offset % 64 == 0 && offset >= kBlocksOffset && offset <= size_ &&
               bytes <= size_ - offset;
    }

    // One copy, word by word, so that what is checked is what is used.
    Event record(std::uint64_t position) const noexcept {
        const auto* source = reinterpret_cast<const std::uint64_t*>(
            base_ + cursor.block_offset + (position & (cursor.capacity - 1)) * sizeof(Event));
        const std::uint64_t words[4] = {__atomic_load_n(source, __ATOMIC_RELAXED),
                                        __atomic_load_n(source + 1, __ATOMIC_RELAXED),
                                        __atomic_load_n(source + 2, __ATOMIC_RELAXED),
                                        __atomic_load_n(source + 3, __ATOMIC_RELAXED)};
        return Event{words[0], words[1], words[2], static_cast<std::uint32_t>(words[3]),
                     static_cast<std::uint32_t>(words[3] >> 32)};
    }

    // Word by word: a vector load of what was just stored in parts would wait for the store buffer (6.6 ns a record
    // instead of 2.1).
    static void put(Event& to, const Event& event) noexcept {
        auto* words = reinterpret_cast<std::uint64_t*>(&to);
        __atomic_store_n(words, event.stamp, __ATOMIC_RELAXED);
        __atomic_store_n(words + 1, event.id, __ATOMIC_RELAXED);
        __atomic_store_n(words + 2, event.packed, __ATOMIC_RELAXED);
        __atomic_store_n(words + 3, event.device | std::uint64_t{event.stack} << 32,
                         __ATOMIC_RELAXED);
    }

    // At most three links, each to a larger block: no cycle.
    bool follow(const Event& link) noexcept {
        if (cursor.links >= 3 || link.size() <= cursor.capacity || link.size() > kMostBlockEvents) {
            return false;
        }
        const auto capacity = static_cast<std::uint32_t>(link.size());
        if (!block_is_possible(link.id, capacity)) return false;
        cursor.block_offset = link.id;
        cursor.capacity = capacity;
        ++cursor.links;
        ++cursor.position;
        return true;
    }

    static bool is_possible(const Event& event) noexcept {
        if (event.device > TIDEMARK_DEVICE_HOST) return false;
        switch (event.operation()) {
            case Operation::kAllocation:
                return event.pool() != TIDEMARK_POOL_ANY;
            case Operation::kFree:
            case Operation::kGap:
                return true;
            default:
                return false;
        }
    }

    std::byte* base_;
    std::uint64_t size_;
    Lane* lane_;
};

}  // namespace tidemark::shm
