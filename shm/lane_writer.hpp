// SPDX-License-Identifier: Apache-2.0
//
// The producer's end of a lane: a private cursor over a block of records. One thread at a time; a handler that
// interrupts it writes to another lane. It says when there is no room and can go on in a larger block; whether to
// grow, wait or count a loss is the producer's decision (producer/room.cpp).
//
//   indices run for ever          first        tail            head       limit
//   and lie at i mod capacity       |  free again |   readable   |  free    |   first or tail + usable
//                             [.....|.............|##############|..........|....]
//
// `head` has one copy, the shared word: a thread that leaves an append by longjmp, or dies in it, leaves its slot
// unpublished and nothing else behind.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shm/kill_point.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::shm {

// An event from its four words.
constexpr Event make_event(std::uint64_t stamp, std::uint64_t id, std::uint64_t packed,
                           std::uint64_t where) noexcept {
    return {stamp, id, packed, static_cast<std::uint32_t>(where),
            static_cast<std::uint32_t>(where >> 32)};
}

struct LaneWriter {
    // Read by every append: one cache line.
    Lane* lane;
    Event* block;
    std::uint64_t mask;  // capacity - 1
    std::uint64_t
        limit;  // first index that needs a look at the tail; atomic, since a loss moves it
    RingHeader* header;
    // Read where the limit is reached.
    std::uint64_t block_first;  // first index in this block
    std::uint64_t tail;         // as last seen
    std::uint32_t links;        // made so far; 3: no more

    // Starts an empty lane, or goes on where its last owner stopped.
    void begin(std::byte* base, Lane& shared, std::uint64_t offset, std::uint32_t events,
               std::uint32_t links_made) noexcept {
        lane = &shared;
        header = reinterpret_cast<RingHeader*>(base);
        block = reinterpret_cast<Event*>(base + offset);
        mask = events - 1;
        block_first = tail = limit = head();
        links = links_made;
    }

    std::uint64_t head() const noexcept { return __atomic_load_n(&lane->head, __ATOMIC_RELAXED); }
    std::uint64_t capacity() const noexcept { return mask + 1; }
    bool has_room(std::uint64_t at) const noexcept {
        const std::uint64_t end = __atomic_load_n(&limit, __ATOMIC_RELAXED);
        return static_cast<std::int64_t>(end - at) > 0;
    }

    // Writes the record at index `at` == head() and makes it readable. Only where there is room.
    // The last word: device, and the call site in its upper half.
    __attribute__((always_inline)) void append(std::uint64_t at, std::uint64_t stamp,
                                               std::uint64_t id, std::uint64_t packed,
                                               std::uint64_t where) noexcept {
        Event& slot = block[at & mask];
        TIDEMARK_SHARED_STORE("append.record", slot.stamp = stamp; slot.id = id;
                              slot.packed = packed;
                              __builtin_memcpy(&slot.device, &where, sizeof where));
        // SYNC(lane-head): release, so that whoever sees the new head sees the record.
        TIDEMARK_SHARED_STORE("append.head",
                              __atomic_store_n(&lane->head, at + 1, __ATOMIC_RELEASE));
    }

    void append(std::uint64_t at, const Event& event) noexcept {
        append(at, event.stamp, event.id, event.packed,
               event.device | std::uint64_t{event.stack} << 32);
    }

    // Looks at the consumer's tail and answers how many indices of this block are in use. A tail that can't be (it ran
    // backwards, or past the head) is ignored: the object is no more trusted here than on the other side.
    std::uint64_t look(std::uint64_t at) noexcept {
        // SYNC(lane-tail): acquire pairs with the consumer's release, so that it has copied what we overwrite.
        const std::uint64_t seen = __atomic_load_n(&lane->tail, __ATOMIC_ACQUIRE);
        if (at - seen <= at - tail) tail = seen;
        const std::uint64_t unread = at - tail;
        const std::uint64_t in_block = at - block_first;
        return unread < in_block ? unread : in_block;
    }

    // Lets the fast path go on for `free` more records, 0 to stop it.
    void allow(std::uint64_t at, std::uint64_t free) noexcept {
        __atomic_store_n(&limit, at + free, __ATOMIC_RELAXED);
    }

    // Writes a link at index `at`, which must be free, and goes on in the larger block, whose pages are present. Not
    // to be interrupted by a handler that leaves by longjmp: the caller blocks signals.
    void link(std::uint64_t at, std::byte* base, std::uint64_t offset, std::uint32_t events,
              std::uint64_t stamp) noexcept {
        Event& slot = block[at & mask];
        TIDEMARK_SHARED_STORE(
            "link.record", slot = make_event(stamp, offset, pack(Operation::kLink, 0, events), 0));
        // SYNC(lane-head): as in append.
        TIDEMARK_SHARED_STORE("link.head", __atomic_store_n(&lane->head, at + 1, __ATOMIC_RELEASE));
        block = reinterpret_cast<Event*>(base + offset);
        mask = events - 1;
        block_first = at + 1;
        limit = at + 1;
        ++links;
    }
};

}  // namespace tidemark::shm
