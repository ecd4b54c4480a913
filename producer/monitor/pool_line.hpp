// SPDX-License-Identifier: Apache-2.0
//
// The figures of one pool of one device, in a cache line of their own: what belongs together moves between processors
// together, and pools don't disturb each other. Odd sequence: somebody writes; it is the writers' lock too.
//
//     0 sequence | 8 current | 16 peak | 24 live | 32 peak_live | 40 allocations | 48 frees | 56 duplicates
#pragma once

#include <atomic>
#include <cstdint>

#include "producer/monitor/lock.hpp"
#include "tidemark/monitor.hpp"

namespace tidemark::monitor {

struct alignas(64) PoolLine {
    std::atomic<std::uint64_t> sequence;
    std::atomic<std::uint64_t> current;
    std::atomic<std::uint64_t> peak;
    std::atomic<std::uint64_t> live;
    std::atomic<std::uint64_t> peak_live;
    std::atomic<std::uint64_t> allocations;
    std::atomic<std::uint64_t> frees;
    std::atomic<std::uint64_t> duplicates;
};
static_assert(sizeof(PoolLine) == 64 && std::atomic<std::uint64_t>::is_always_lock_free);

// Holds the line while it lives.
class PoolWriter {
public:
    explicit PoolWriter(PoolLine& line) noexcept : line_(line) {
        // One locked instruction, without a look before it: a look would fetch the line shared, and the swap fetch it again.
        if (!take_alone() && !take()) wait();
        sequence_ = get(line.sequence) - 1;
    }
    ~PoolWriter() {
        // SYNC(pool-line): release, after the figures.
        line_.sequence.store(sequence_ + 2, std::memory_order_release);
    }
    PoolWriter(const PoolWriter&) = delete;
    PoolWriter& operator=(const PoolWriter&) = delete;

    void allocate(std::uint64_t size) noexcept {
        raise(line_.current, line_.peak, size);
        raise(line_.live, line_.peak_live, 1);
        set(line_.allocations, get(line_.allocations) + 1);
    }
    void replace(std::uint64_t old_size, std::uint64_t size) noexcept {
        raise(line_.current, line_.peak, size - old_size);
        set(line_.allocations, get(line_.allocations) + 1);
        set(line_.duplicates, get(line_.duplicates) + 1);
    }
    void free(std::uint64_t size) noexcept {
        set(line_.current, get(line_.current) - size);
        set(line_.live, get(line_.live) - 1);
        set(line_.frees, get(line_.frees) + 1);
    }
    void clear() noexcept {
        for (auto* word : {&line_.current, &line_.peak, &line_.live, &line_.peak_live,
                           &line_.allocations, &line_.frees, &line_.duplicates})
            set(*word, 0);
    }

private:
    // While there is one thread; a handler that interrupted a writer finds it taken.
    bool take_alone() noexcept {
        if (!is_single_threaded() || (get(line_.sequence) & 1) != 0) return false;
        set(line_.sequence, get(line_.sequence) + 1);
        return true;
    }
    bool take() noexcept {
        // SYNC(pool-line): acquire pairs with the release in the destructor.
        return (line_.sequence.fetch_or(1, std::memory_order_acquire) & 1) == 0;
    }
    void wait() noexcept {
        for (unsigned turn = 0;; ++turn) {
            wait_a_turn(turn);
            if ((get(line_.sequence) & 1) == 0 && take()) return;
        }
    }

    using Word = std::atomic<std::uint64_t>;

    // We are the only writer.
    static std::uint64_t get(const Word& word) noexcept {
        return word.load(std::memory_order_relaxed);
    }
    static void set(Word& word, std::uint64_t value) noexcept {
        // SYNC(pool-line): release, so that a reader who sees it also sees the odd sequence.
        word.store(value, std::memory_order_release);
    }
    static void raise(Word& word, Word& peak, std::uint64_t by) noexcept {
        const std::uint64_t value = get(word) + by;
        set(word, value);
        if (value > get(peak)) set(peak, value);
    }

    PoolLine& line_;
    std::uint64_t sequence_;
};

// SYNC(pool-line): acquire pairs with the releases of PoolWriter.
inline std::uint64_t load(const std::atomic<std::uint64_t>& word) noexcept {
    return word.load(std::memory_order_acquire);
}

}  // namespace tidemark::monitor
