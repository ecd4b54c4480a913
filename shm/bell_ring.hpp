// SPDX-License-Identifier: Apache-2.0
//
// The producer's side of the bell: wake a collector that sleeps, tell whether one lives. The protocol, and why no
// fence is needed here, is in README.md (SYNC(bell)). How collectors sleep is theirs.
#pragma once

#include <cstdint>

#include <linux/futex.h>

#include "shm/kill_point.hpp"
#include "shm/raw_file.hpp"
#include "shm/raw_syscall.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::shm {

// A collector that gave no sign of life for this long is not waited for.
inline constexpr std::uint64_t kHeartbeatFresh_ns = 2'000'000'000;

// Between the store that publishes (a head, a bit of news) and the look whether somebody must be told.
__attribute__((always_inline)) inline void publication_comes_first() noexcept {
    // SYNC(bell): it comes first in program order; the collector's barrier does the rest.
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

inline std::uint32_t consumer_word(const RingHeader& header) noexcept {
    return static_cast<std::uint32_t>(__atomic_load_n(&header.consumer_slot, __ATOMIC_RELAXED));
}

// kBellSlots or more: none.
inline std::uint32_t slot_of(std::uint32_t consumer_word) noexcept {
    return is_quiet_word(consumer_word) ? consumer_word & 0xff : consumer_word;
}

// The slot that the ring's consumer sleeps on, nullptr if none is known. Any thread; never faults on a wild index.
inline BellSlot* consumer_bell(BellPage* page, const RingHeader& header) noexcept {
    const std::uint32_t slot = slot_of(consumer_word(header));
    return slot < kBellSlots && page != nullptr ? &page->slots[slot] : nullptr;
}

inline bool is_asleep(const BellSlot& slot) noexcept {
    return __atomic_load_n(&slot.waiting, __ATOMIC_RELAXED) == kAsleep;
}

inline bool is_waiting(const BellSlot& slot) noexcept {
    return __atomic_load_n(&slot.waiting, __ATOMIC_RELAXED) != kNotWaiting;
}

// After a publication: the slot of a consumer that must be told, because it sleeps or does not look at this ring.
__attribute__((always_inline)) inline BellSlot* bell_to_answer(BellPage* page,
                                                               const RingHeader& header) noexcept {
    const std::uint32_t word = consumer_word(header);
    if (__builtin_expect(word >= kBellSlots, 0))
        return is_quiet_word(word) ? consumer_bell(page, header) : nullptr;
    if (page == nullptr) return nullptr;
    BellSlot* slot = &page->slots[word];
    return __builtin_expect(is_asleep(*slot), 0) ? slot : nullptr;
}

// Where nobody looks at the ring: says that it has news. Before the look whether the consumer sleeps.
inline void tell_news(BellSlot& slot, const RingHeader& header) noexcept {
    const std::uint32_t word = consumer_word(header);
    if (!is_quiet_word(word)) return;
    const std::uint32_t group = group_of(word) % kNewsGroups;
    std::uint64_t& news = slot.news[group / 64];
    const std::uint64_t bit = std::uint64_t{1} << group % 64;
    // Published in its turn, as a head is.
    if ((__atomic_load_n(&news, __ATOMIC_RELAXED) & bit) == 0)
        TIDEMARK_SHARED_STORE("bell.news", __atomic_fetch_or(&news, bit, __ATOMIC_RELAXED));
    publication_comes_first();
}

// Wakes the collector if it still sleeps or rests. One of many ringers makes the system call.
inline void ring(BellSlot& slot) noexcept {
    std::uint32_t was = kNotWaiting;
    // The word hands nothing over: whoever is woken looks at the heads again after its next barrier.
    TIDEMARK_SHARED_STORE("bell.take",
                          was = __atomic_exchange_n(&slot.waiting, kNotWaiting, __ATOMIC_RELAXED));
    if (was == kNotWaiting) return;
    TIDEMARK_KILL_POINT("bell.wake");
    raw_syscall(SYS_futex, word(&slot.waiting), FUTEX_WAKE, 1);
}

inline bool heartbeat_is_fresh(const BellSlot& slot, std::uint64_t now_ns) noexcept {
    const std::uint64_t beat = __atomic_load_n(&slot.heartbeat_ns, __ATOMIC_RELAXED);
    return beat != 0 && (beat >= now_ns || now_ns - beat < kHeartbeatFresh_ns);
}

inline bool same_instance(const char (&a)[64], const char (&b)[64]) noexcept {
    for (std::uint32_t i = 0; i < sizeof a; ++i) {
        if (a[i] != b[i]) return false;
        if (a[i] == '\0') return true;
    }
    return true;
}

// True for the default instances, "system" and "user-<uid>": a ring that names no instance is for its user's own
// collector, or for root's. One that was given another name takes only the rings that name it.
inline bool takes_unnamed_rings(const char* instance, std::uint32_t uid) noexcept {
    char own[24];
    put_decimal(put_text(own, "user-"), uid);
    const auto same = [instance](const char* text) {
        std::uint32_t i = 0;
        while (text[i] != '\0' && text[i] == instance[i])
            ++i;
        return text[i] == instance[i];
    };
    return same("system") || same(own);
}

// True if a collector drains this ring, or lives that would: of the wanted instance, or a default one if none is wanted.
inline bool collector_lives(const BellPage* page, const RingHeader& header,
                            std::uint64_t now_ns) noexcept {
    // SYNC(attach): acquire pairs with the consumer's release: who sees it attached sees its slot.
    const bool attached = __atomic_load_n(&header.consumer_attached, __ATOMIC_ACQUIRE) != 0;
    const std::uint32_t own = slot_of(consumer_word(header));
    // One without a slot (all 127 are taken) polls; only that it attached is known of it.
    if (attached && (page == nullptr || own >= kBellSlots)) return true;
    if (page == nullptr) return false;
    if (own < kBellSlots && heartbeat_is_fresh(page->slots[own], now_ns)) return true;
    for (const BellSlot& slot : page->slots) {
        if (!heartbeat_is_fresh(slot, now_ns)) continue;
        if (header.instance[0] == '\0' ? takes_unnamed_rings(slot.instance, header.uid)
                                       : same_instance(header.instance, slot.instance))
            return true;
    }
    return false;
}

inline bool any_collector_lives(const BellPage& page, std::uint64_t now_ns) noexcept {
    for (const BellSlot& slot : page.slots)
        if (heartbeat_is_fresh(slot, now_ns)) return true;
    return false;
}

}  // namespace tidemark::shm
