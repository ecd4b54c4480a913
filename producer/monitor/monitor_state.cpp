// SPDX-License-Identifier: Apache-2.0
//
// How a monitor begins, is forked, forgets and ends.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <new>

#include "producer/monitor/state.hpp"
#include "producer/monitor/tracy.hpp"
#include "shm/clock.hpp"

namespace tidemark {

using namespace monitor;

void Clock::begin() noexcept {
    is_counter = shm::choose_clock() != shm::ClockKind::kMonotonic;
    begun_ns = shm::monotonic_ns();
    begun_ticks = now();
}

std::uint64_t Clock::now() const noexcept {
    return __builtin_expect(is_counter, 1) ? shm::counter() : shm::monotonic_ns();
}

std::int64_t Clock::time_of(std::uint64_t ticks, std::uint64_t now_ticks,
                            std::uint64_t now_ns) const noexcept {
    if (!is_counter || now_ticks == begun_ticks)
        return static_cast<std::int64_t>(is_counter ? now_ns : ticks);
    const long double share = static_cast<long double>(ticks - begun_ticks) /
                              static_cast<long double>(now_ticks - begun_ticks);
    return static_cast<std::int64_t>(begun_ns) +
           static_cast<std::int64_t>(share * static_cast<long double>(now_ns - begun_ns));
}

void Monitor::State::lock_all() noexcept {
    for (Shard& shard : shards)
        shard.lock.lock();
}

void Monitor::State::unlock_all() noexcept {
    for (Shard& shard : shards)
        shard.lock.unlock();
}

namespace {

constinit Monitor::State own{};

}  // namespace

Monitor& Monitor::instance() noexcept {
    alignas(Monitor) static unsigned char place[sizeof(Monitor)];
    static Monitor* const only = [] {
        own.clock.begin();
        pthread_atfork([] { own.lock_all(); }, [] { own.unlock_all(); }, [] { own.unlock_all(); });
        return new (place) Monitor(&own);
    }();
    return *only;
}

Monitor::Monitor() noexcept : state_(new (std::nothrow) State{}) {
    if (state_ != nullptr) state_->clock.begin();
}

Monitor::Monitor(State* state) noexcept : state_(state) {}

Monitor::~Monitor() {
    if (state_ == nullptr || state_ == &own) return;
    reset();
    state_->arena.unmap();
    delete state_;
}

void Monitor::reset() noexcept {
    if (state_ == nullptr) return;
    state_->lock_all();
    for (Shard& shard : state_->shards) {
        shard.for_each([](const Buffer& buffer, std::uint64_t) {
            tracy_free(buffer.device, static_cast<std::uint32_t>(buffer.pool), buffer.id);
        });
        shard.clear();
    }
    for (auto& device : state_->lines)
        for (PoolLine& line : device)
            if (line.sequence.load(std::memory_order_relaxed) != 0) PoolWriter(line).clear();
    for (Counter* counter :
         {&state_->problems.unknown_frees, &state_->problems.ambiguous_frees,
          &state_->problems.invalid, &state_->problems.nested, &state_->problems.out_of_memory})
        counter->store(0, std::memory_order_relaxed);
    state_->unlock_all();
}

void Monitor::refuse_device(const char* caller, std::int64_t device, int limit) noexcept {
    if (state_ == nullptr) return;
    count(state_->problems.invalid);
    if (state_->was_told.exchange(1, std::memory_order_relaxed) != 0) return;
    const int saved = errno;
    char line[160];
    const int size = snprintf(
        line, sizeof line,
        "tidemark: %s: device %lld is not one of its devices 0 to %d: not shown there (told once; "
        "tidemark::Monitor counts them all)\n",
        caller, static_cast<long long>(device), limit - 1);
    if (size > 0 && write(STDERR_FILENO, line, static_cast<std::size_t>(size)) < 0) errno = saved;
    errno = saved;
}

}  // namespace tidemark
