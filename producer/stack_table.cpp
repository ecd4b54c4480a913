// SPDX-License-Identifier: Apache-2.0
#include "producer/stack_table.hpp"

#include "producer/process_state.hpp"
#include "shm/kill_point.hpp"

namespace tidemark::producer {
namespace {

constexpr std::uint32_t kProbes = 32;
constexpr std::uint64_t kStepBytes = 65536;
constexpr std::uint64_t kNumberMask = 0xFFFFFFFF;

std::uint64_t hash_of(const std::uint64_t* stack, std::uint32_t count) noexcept {
    std::uint64_t hash = count;
    for (std::uint32_t i = 0; i < count; ++i) {
        hash = (hash ^ stack[i]) * 0x9E3779B97F4A7C15ull;
        hash ^= hash >> 32;
    }
    return hash;
}

}  // namespace

void StackTable::begin(const shm::RawRing& ring, std::uint64_t at,
                       std::uint32_t frames_of_entry) noexcept {
    auto& header = *reinterpret_cast<shm::RingHeader*>(ring.base);
    offset = at;
    frames = frames_of_entry;
    dropped = &header.stacks_dropped;
    entries = reinterpret_cast<std::uint64_t*>(ring.base + at);
}

bool StackTable::is_same(std::uint64_t number, const std::uint64_t* stack,
                         std::uint32_t count) const noexcept {
    const std::uint64_t* kept = entry(number);
    if (__atomic_load_n(kept, __ATOMIC_RELAXED) != count) return false;
    for (std::uint32_t i = 0; i < count; ++i)
        if (__atomic_load_n(kept + 1 + i, __ATOMIC_RELAXED) != stack[i]) return false;
    return true;
}

// More entries' memory; several threads may ask for the same.
bool StackTable::make_ready(const shm::RawRing& ring) noexcept {
    if (__atomic_load_n(&unready, __ATOMIC_RELAXED) != 0) return false;
    std::uint32_t before = __atomic_load_n(&ready, __ATOMIC_RELAXED);
    const std::uint64_t entry_bytes = shm::stack_entry_words(frames) * 8;
    const std::uint64_t from = before * entry_bytes;
    const std::uint64_t most = shm::kStackEntries * entry_bytes;
    const std::uint64_t until = from + kStepBytes < most ? from + kStepBytes : most;
    const SystemCalls calls;
    if (!calls) return false;
    const shm::SignalsBlocked quiet;
    if (until == from || shm::populate(ring, offset + from, until - from) != 0) {
        __atomic_store_n(&unready, 1u, __ATOMIC_RELAXED);
        return false;
    }
    __atomic_fetch_add(&grown, until - from, __ATOMIC_RELAXED);
    const auto now = static_cast<std::uint32_t>(until / entry_bytes);
    while (before < now && !__atomic_compare_exchange_n(&ready, &before, now, true,
                                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
    return true;
}

std::uint32_t StackTable::keep(const shm::RawRing& ring, const std::uint64_t* stack,
                               std::uint32_t count, bool may_grow) noexcept {
    std::uint32_t at = __atomic_load_n(&next, __ATOMIC_RELAXED);
    do {
        while (at >= __atomic_load_n(&ready, __ATOMIC_RELAXED))
            if (!may_grow || !make_ready(ring)) return 0;
    } while (
        !__atomic_compare_exchange_n(&next, &at, at + 1, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    std::uint64_t* kept = entry(at + 1);
    for (std::uint32_t i = 0; i < count; ++i)
        TIDEMARK_SHARED_STORE("stack.frame",
                              __atomic_store_n(kept + 1 + i, stack[i], __ATOMIC_RELAXED));
    TIDEMARK_SHARED_STORE("stack.count",
                          __atomic_store_n(kept, std::uint64_t{count}, __ATOMIC_RELAXED));
    return at + 1;
}

std::uint32_t StackTable::number_of(const shm::RawRing& ring, const std::uint64_t* stack,
                                    std::uint32_t count, bool may_grow, bool& is_new) noexcept {
    const std::uint64_t hash = hash_of(stack, count);
    std::uint32_t own = 0;
    for (std::uint32_t probe = 0; probe < kProbes; ++probe) {
        std::uint64_t& place = index[(hash + probe) % (2 * shm::kStackEntries)];
        // SYNC(stack): acquire pairs with the release below, so that the entry is complete.
        std::uint64_t found = __atomic_load_n(&place, __ATOMIC_ACQUIRE);
        if (found == 0) {
            if (own == 0) own = keep(ring, stack, count, may_grow);
            if (own == 0) break;
            // SYNC(stack): release, so that who finds the number finds the entry; acquire, if somebody was faster.
            if (__atomic_compare_exchange_n(&place, &found, (hash & ~kNumberMask) | own, false,
                                            __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)) {
                is_new = true;
                return own;
            }
        }
        const bool may_be = ((found ^ hash) & ~kNumberMask) == 0;
        if (may_be && is_same(found & kNumberMask, stack, count))
            return static_cast<std::uint32_t>(found & kNumberMask);
    }
    if (own == 0)
        TIDEMARK_SHARED_STORE("stack.dropped", __atomic_fetch_add(dropped, 1, __ATOMIC_RELAXED));
    return own;  // written, though nobody will find it again
}

}  // namespace tidemark::producer
