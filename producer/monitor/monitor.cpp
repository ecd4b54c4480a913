// SPDX-License-Identifier: Apache-2.0
//
// Tracking: from a call to the table of live buffers, the figures, Tracy and the ring, all under the lock of the buffer's
// shard, so that all four see the events of one buffer in one order.
#include "tidemark/monitor.hpp"

#include "producer/monitor/state.hpp"
#include "producer/monitor/tracy.hpp"
#include "tidemark/producer.hpp"

namespace tidemark {

using namespace monitor;

namespace {

// This thread holds a shard's lock: a handler that interrupted it must not wait for that.
thread_local bool is_inside = false;
// The pool of this thread's last event: a guess which figures the next free will need, fetched while it looks that up.
thread_local std::uint32_t last_pool = 0;

class Inside {
public:
    explicit Inside(Shard& shard) noexcept : shard_(shard) {
        is_inside = true;
        std::atomic_signal_fence(std::memory_order_seq_cst);  // SYNC(nesting)
        shard.lock.lock();
    }
    ~Inside() {
        shard_.lock.unlock();
        std::atomic_signal_fence(std::memory_order_seq_cst);  // SYNC(nesting)
        is_inside = false;
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

private:
    Shard& shard_;
};

constexpr bool is_countable(std::uint32_t device, std::uint32_t pool, std::uint64_t size) noexcept {
    return device < Monitor::kMaxDevices && pool < Monitor::kPools && (size >> 48) == 0;
}

void apply(PoolLine& line, std::uint64_t size, const Insertion& insertion) noexcept {
    PoolWriter writer(line);
    if (insertion.kind == Insertion::kNew)
        writer.allocate(size);
    else
        writer.replace(insertion.old_size, size);
}

}  // namespace

void Monitor::track_allocation(std::uint32_t device, Pool pool, std::uint64_t id,
                               std::uint64_t size, Reporter reporter) noexcept {
    const auto number = static_cast<std::uint32_t>(pool);
    const bool is_kept = state_ != nullptr && is_countable(device, number, size);
    if (__builtin_expect(!is_kept || is_inside, 0)) {
        if (state_ != nullptr) count(is_kept ? state_->problems.nested : state_->problems.invalid);
        return allocation(device, pool, id, size);
    }
    const std::uint64_t hash = hash_of(device, id);
    Shard& shard = state_->shards[shard_of(hash)];
    PoolLine& line = state_->lines[device][number];
    shard.prefetch(hash);
    __builtin_prefetch(&line, 1);
    last_pool = number;
    const Key key{device, number, id};
    const std::uint64_t ticks = state_->clock.now();
    const Inside inside(shard);
    const Insertion insertion =
        shard.insert(state_->arena, shard_of(hash), key, size, ticks, reporter);
    if (insertion.kind == Insertion::kSame) return;
    if (insertion.kind == Insertion::kNoRoom) {
        count(state_->problems.out_of_memory);
    } else {
        apply(line, size, insertion);
        if (insertion.kind == Insertion::kReplaced) tracy_free(device, number, id);
        tracy_allocation(device, number, id, size);
    }
    allocation(device, pool, id, size);
}

void Monitor::track_deallocation(std::uint32_t device, std::uint64_t id,
                                 Reporter reporter) noexcept {
    free_buffer(device, TIDEMARK_POOL_ANY, id, reporter);
}

void Monitor::track_deallocation(std::uint32_t device, Pool pool, std::uint64_t id,
                                 Reporter reporter) noexcept {
    free_buffer(device, static_cast<std::uint32_t>(pool), id, reporter);
}

void Monitor::free_buffer(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                          Reporter reporter) noexcept {
    const bool is_kept =
        state_ != nullptr && device < kMaxDevices && (pool < kPools || pool == TIDEMARK_POOL_ANY);
    if (__builtin_expect(!is_kept || is_inside, 0)) {
        if (state_ != nullptr) count(is_kept ? state_->problems.nested : state_->problems.invalid);
        return tidemark::free(device, static_cast<Pool>(pool), id);
    }
    const std::uint64_t hash = hash_of(device, id);
    Shard& shard = state_->shards[shard_of(hash)];
    shard.prefetch(hash);
    __builtin_prefetch(&state_->lines[device][last_pool], 1);
    const Inside inside(shard);
    const Removal removal =
        shard.remove(state_->arena, shard_of(hash), {device, pool, id}, reporter);
    if (removal.kind == Removal::kExpected) return;
    if (removal.ambiguous) count(state_->problems.ambiguous_frees);
    if (removal.kind == Removal::kUnknown) {
        count(state_->problems.unknown_frees);
        return tidemark::free(device, Pool::kAny, id);
    }
    PoolWriter(state_->lines[device][removal.pool]).free(removal.size);
    tracy_free(device, removal.pool, id);
    tidemark::free(device, static_cast<Pool>(removal.pool), id, removal.size);
}

}  // namespace tidemark
