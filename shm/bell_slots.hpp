// SPDX-License-Identifier: Apache-2.0
//
// The collector's side of the bell: a slot in the bell page of each user whose rings it consumes, its heartbeat
// there, and sleeping until somebody rings. How producers ring is in bell_ring.hpp; why nothing published is slept
// through is argued in README.md under SYNC(bell).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "shm/ring_layout.hpp"
#include "shm/segment.hpp"

namespace tidemark::shm {

// Tells the processor that the caller spins.
inline void pause_briefly() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
}

// One thread, except ring_own.
class BellSlots {
public:
    explicit BellSlots(std::string instance, std::uint64_t generation)
        : instance_(std::move(instance)), generation_(generation) {}
    ~BellSlots();
    BellSlots(const BellSlots&) = delete;
    BellSlots& operator=(const BellSlots&) = delete;

    // Slot in the page of `uid`, claimed on first use; -1: none to be had now (its rings are polled).
    int slot_for(std::uint32_t uid);
    // Moves when a user's slot is another one than before; slot_for() says which. False: no user is without.
    std::uint64_t slots_version() const noexcept { return version_; }
    bool lacks_slot() const noexcept;
    // Calls `visit` for each group of a user's quiet rings that told of news since the last time.
    void take_news(const std::function<void(std::uint32_t uid, std::uint32_t group)>& visit);
    // A sign of life in every page, CLOCK_MONOTONIC ns.
    void heartbeat(std::uint64_t now_ns) noexcept;
    // Programs of these users that ran without a ring: of this instance, however long ago, and, since their pages were
    // opened here, those of which nobody knows the instance.
    std::uint64_t untracked_images() const noexcept;
    // What each user's undrained ring objects take, as the collector's scan found it.
    void set_undrained(std::uint32_t uid, std::uint64_t bytes) noexcept;

    // Sleep in two steps: announce, look once more, then sleep until a bell, ring_own or the timeout.
    // sleep() may be repeated after one announcement. True: somebody rang, or may have.
    void announce_waiting() noexcept;
    // The same for a rest: a lane that fills up and a flush ring, not every event. What was published just before may
    // go unheard; the rest's end finds it.
    void announce_rest() noexcept;
    bool sleep(std::uint64_t timeout_ns) noexcept;
    void stop_waiting() noexcept;
    // False: the kernel has no barrier for the announcement, so that a ringer may have missed it; look by yourself.
    bool can_be_rung() const noexcept { return barrier_works_; }
    // Any thread, async-signal-safe: wakes the sleeper, or makes its next sleep return at once.
    void ring_own() noexcept;

private:
    struct Page {
        Page() = default;
        ~Page();
        Page(const Page&) = delete;
        Page& operator=(const Page&) = delete;
        Segment segment;
        int guard = -1;  // FaultGuard's
        int slot = -1;
        bool takes_unnamed = false;  // of that user's programs, those that name no instance
        std::uint64_t unknown_before =
            0;                           // untracked ones, of no known instance, when it was opened
        std::uint64_t try_again_ns = 0;  // CLOCK_MONOTONIC
        BellPage* page() const noexcept { return reinterpret_cast<BellPage*>(segment.data()); }
        BellSlot& mine() const noexcept { return page()->slots[slot]; }
    };
    bool open_page(std::uint32_t uid, Page& out) const;
    int claim(Page& page) const noexcept;
    void drop_faulted() noexcept;
    void announce(std::uint32_t state) noexcept;

    std::string instance_;
    std::uint64_t generation_;
    std::map<std::uint32_t, Page> pages_;
    std::atomic<std::uint32_t> own_{0};
    std::uint64_t version_ = 0;
    std::uint32_t announced_ = kAsleep;
    bool can_wait_many_ = true;
    bool barrier_works_ = true;
};

// True if a collector under `instance` gave a sign of life in that user's bell page within the last 2 s.
bool live_collector_of(std::uint32_t uid, const std::string& instance);

}  // namespace tidemark::shm
