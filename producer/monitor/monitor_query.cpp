// SPDX-License-Identifier: Apache-2.0
//
// What a monitor answers.
#include <algorithm>
#include <exception>
#include <utility>

#include "producer/monitor/errno_kept.hpp"
#include "producer/monitor/state.hpp"
#include "shm/clock.hpp"

namespace tidemark {

using namespace monitor;

namespace {

constexpr int kTries = 200;

using BufferFigures = Monitor::BufferFigures;
using DeviceFigures = Monitor::DeviceFigures;

constexpr std::uint64_t BufferFigures::*kCurrent[] = {
    &BufferFigures::dram_allocated, &BufferFigures::l1_allocated,
    &BufferFigures::system_memory_allocated, &BufferFigures::l1_small_allocated,
    &BufferFigures::trace_allocated};
constexpr std::uint64_t BufferFigures::*kPeak[] = {
    &BufferFigures::dram_peak, &BufferFigures::l1_peak, &BufferFigures::system_memory_peak,
    &BufferFigures::l1_small_peak, &BufferFigures::trace_peak};

template <std::size_t kPool>
void put(BufferFigures& out, std::uint64_t current, std::uint64_t peak) noexcept {
    out.*kCurrent[kPool] = current;
    out.*kPeak[kPool] = peak;
}
template <std::size_t kPool>
void put(DeviceFigures& out, std::uint64_t current, std::uint64_t peak) noexcept {
    out.current[kPool] = current;
    out.peak[kPool] = peak;
}
void put_counts(BufferFigures& out, std::uint64_t live, std::uint64_t allocations,
                std::uint64_t frees) noexcept {
    out.num_buffers = live;
    out.total_allocs = allocations;
    out.total_frees = frees;
}
void put_counts(DeviceFigures& out, std::uint64_t live, std::uint64_t allocations,
                std::uint64_t frees) noexcept {
    out.live = live;
    out.allocations = allocations;
    out.frees = frees;
}

// One try at some pools. True if nobody wrote meanwhile: sequences only grow, so an equal sum means that every line was as
// it is when the last one had been read, and the figures are of one moment. Straight code: a loop costs more than a query.
template <class Figures, std::size_t... kPool>
[[gnu::always_inline]] inline bool collect(const PoolLine* lines, Figures& out,
                                           std::index_sequence<kPool...>) noexcept {
    std::uint64_t begun = 0, odd = 0, live = 0, frees = 0, allocations = 0;
    const auto read = [&]<std::size_t kOne>() __attribute__((always_inline)) {
        const PoolLine& line = lines[kOne];
        const std::uint64_t sequence = load(line.sequence);
        begun += sequence;
        odd |= sequence;
        const std::uint64_t current = load(line.current);
        put<kOne>(out, current, load(line.peak));
        live += load(line.live);
        frees += load(line.frees);  // before the allocations, so that it can't be ahead of them
        allocations += load(line.allocations);
    };
    (read.template operator()<kPool>(), ...);
    const std::uint64_t ended =
        (lines[kPool].sequence.load(std::memory_order_relaxed) + ... + std::uint64_t{0});
    put_counts(out, live, allocations, frees);
    return begun == ended && (odd & 1) == 0;
}

// Apart from the first try, for the same reason.
template <class Figures, class Pools>
[[gnu::noinline, gnu::cold]] bool collect_again(const PoolLine* lines, Figures& out,
                                                Pools pools) noexcept {
    for (int tries = 1; tries < kTries; ++tries)
        if (collect(lines, out, pools)) return true;
    return false;
}

template <class Figures, class Pools>
[[gnu::always_inline]] inline bool query(const PoolLine* lines, Figures& out,
                                         Pools pools) noexcept {
    return __builtin_expect(collect(lines, out, pools), 1) || collect_again(lines, out, pools);
}

}  // namespace

Monitor::DeviceFigures Monitor::query_device(std::uint32_t device) const noexcept {
    DeviceFigures figures;  // one object, one return: it is filled where the caller has it
    if (state_ != nullptr && device < kMaxDevices)
        figures.consistent =
            query(state_->lines[device], figures, std::make_index_sequence<kPools>());
    else
        figures = {};
    return figures;
}

void Monitor::query_buffers(std::uint32_t device, BufferFigures& figures) const noexcept {
    if (state_ == nullptr || device >= kMaxDevices)
        figures = {};
    else
        query(state_->lines[device], figures, std::make_index_sequence<kBufferPools>());
}

Monitor::PoolFigures Monitor::query_pool(std::uint32_t device, Pool pool) const noexcept {
    const auto number = static_cast<std::uint32_t>(pool);
    if (state_ == nullptr || device >= kMaxDevices || number >= kPools) return {};
    const PoolLine& line = state_->lines[device][number];
    PoolFigures figures{};
    for (int tries = 0; tries < kTries; ++tries) {
        const std::uint64_t sequence = load(line.sequence);
        const std::uint64_t frees = load(line.frees);
        figures = {load(line.current),   load(line.peak),        load(line.live),
                   load(line.peak_live), load(line.allocations), frees,
                   load(line.duplicates)};
        if ((sequence & 1) == 0 && line.sequence.load(std::memory_order_relaxed) == sequence) break;
    }
    return figures;
}

Monitor::Problems Monitor::problems() const noexcept {
    if (state_ == nullptr) return {};
    Problems found{};
    for (const auto& device : state_->lines)
        for (const PoolLine& line : device)
            found.duplicates += load(line.duplicates);
    const auto& from = state_->problems;
    found.unknown_frees = from.unknown_frees.load(std::memory_order_relaxed);
    found.ambiguous_frees = from.ambiguous_frees.load(std::memory_order_relaxed);
    found.invalid = from.invalid.load(std::memory_order_relaxed);
    found.nested = from.nested.load(std::memory_order_relaxed);
    found.out_of_memory = from.out_of_memory.load(std::memory_order_relaxed);
    return found;
}

namespace {

struct Found {
    std::uint64_t ticks;
    Monitor::Buffer buffer;
};

// Room is made before the lock is taken: an allocation under it could be one that somebody tracks.
void gather(Shard& shard, std::uint32_t device, std::vector<Found>& found) {
    for (std::uint64_t room = 64;; room *= 2) {
        found.reserve(found.size() + room);
        shard.lock.lock();
        const std::uint64_t used = shard.used();
        const bool fits = found.capacity() - found.size() >= used;
        if (fits)
            shard.for_each([&](const Monitor::Buffer& buffer, std::uint64_t ticks) {
                if (buffer.device == device) found.push_back({ticks, buffer});
            });
        shard.lock.unlock();
        if (fits) return;
        room = std::max(room, used);
    }
}

}  // namespace

std::vector<Monitor::Buffer> Monitor::active_buffers(std::uint32_t device) const noexcept {
    const monitor::ErrnoKept errno_kept;
    std::vector<Buffer> buffers;
    if (state_ == nullptr || device >= kMaxDevices) return buffers;
    try {
        std::vector<Found> found;
        for (Shard& shard : state_->shards)
            gather(shard, device, found);
        std::sort(found.begin(), found.end(),
                  [](const Found& a, const Found& b) { return a.ticks < b.ticks; });
        const std::uint64_t now = state_->clock.now();
        const std::uint64_t now_ns = shm::monotonic_ns();
        buffers.reserve(found.size());
        for (const Found& one : found) {
            buffers.push_back(one.buffer);
            const std::chrono::nanoseconds since(state_->clock.time_of(one.ticks, now, now_ns));
            buffers.back().allocated = std::chrono::steady_clock::time_point(since);
        }
    } catch (const std::exception&) {
        count(state_->problems.out_of_memory);
    }
    return buffers;
}

std::uint64_t Monitor::registry_bytes() const noexcept {
    if (state_ == nullptr) return 0;
    std::uint64_t sum = sizeof state_->shards;
    for (Shard& shard : state_->shards) {
        shard.lock.lock();
        sum += shard.bytes();
        shard.lock.unlock();
    }
    return sum;
}

}  // namespace tidemark
