// SPDX-License-Identifier: Apache-2.0
//
// The hot path: one event from its arguments to the lane. Everything that is not the common case leaves it early, for
// record_slow() or room.cpp.
#include <signal.h>

#include "producer/call_site.hpp"
#include "producer/hot.hpp"
#include "producer/room.hpp"
#include "producer/runtime.hpp"
#include "shm/raw_syscall.hpp"

namespace tidemark::producer {
namespace {

using shm::Event;
using shm::Operation;
using shm::pack;

// Keeps the compiler from moving accesses across it; handlers of this thread then see them in program order.
__attribute__((always_inline)) inline void compiler_fence() noexcept {
    // SYNC(nesting): handlers nest strictly, so the order of this thread's own program is all that they need.
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

__attribute__((always_inline)) inline void end_append(ThreadState& thread) noexcept {
    compiler_fence();
    thread.handler_inside = 0;  // a handler that left by longjmp may have forgotten it
    thread.inside = 0;
}

bool lies_in(std::uintptr_t position, const stack_t& stack) noexcept {
    const auto low = reinterpret_cast<std::uintptr_t>(stack.ss_sp);
    return (stack.ss_flags & SS_DISABLE) == 0 && position - low < stack.ss_size;
}

// An append began at stack position `began` and did not end. True if it never will, since a longjmp left it: we are
// now at the same or a shallower position of the same stack. Else we are in a handler that interrupted it.
bool is_abandoned(std::uintptr_t began, std::uintptr_t now) noexcept {
    if (sandbox() != Sandbox::kNone) return false;
    stack_t alternate{};
    if (shm::raw_syscall(SYS_sigaltstack, 0, shm::word(&alternate)) != 0) return false;
    const bool began_there = lies_in(began, alternate);
    const bool are_there = (alternate.ss_flags & SS_ONSTACK) != 0;
    if (began_there == are_there) return now >= began;
    return began_there;
}

bool wants_call_site(const Event& event) noexcept {
    return inherited.settings.stacks != 0 && event.operation() == Operation::kAllocation &&
           event.stack == 0;
}

// Where a call site is walked from: the frame of a function that stands in for record_allocation(), or was called by
// it; both are ours. Taken in that function itself.
#define TIDEMARK_OWN_FRAME reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0))

void record_attached(ThreadState& thread, Event event, std::uintptr_t frame) noexcept {
    if (thread.key == ~__atomic_load_n(&process_page.epoch, __ATOMIC_RELAXED))
        return record_without_room(thread, event);
    const Attachment attachment = attach_thread(thread);
    if (attachment.pair == nullptr) return count_loss(attachment.cause, event, nullptr);
    if (wants_call_site(event)) event.stack = call_site(current_state(), frame, false);
    if (attachment.is_shared) return record_shared(*attachment.pair, event);
    record_without_room(thread, event);
}

// First event of a thread or of a fork child, and everything of a process that is off or in a silent sandbox. `inside`
// is set.
[[gnu::noinline, gnu::cold]] void record_unattached(std::uint64_t stamp, std::uint64_t id,
                                                    std::uint64_t packed,
                                                    std::uint64_t where) noexcept {
    ThreadState& thread = thread_state;
    const SystemCalls calls;
    if (tracking() != 0) {
        record_attached(thread,
                        shm::make_event(stamp != 0 ? stamp : stamp_now(), id, packed, where),
                        TIDEMARK_OWN_FRAME);
    }
    end_append(thread);
}

// An append of this thread began before and did not end: we are in a handler inside it, or a longjmp left it.
[[gnu::noinline, gnu::cold]] void record_inside(std::uint64_t stamp, std::uint64_t id,
                                                std::uint64_t packed, std::uint64_t where,
                                                std::uintptr_t frame) noexcept {
    ThreadState& thread = thread_state;
    const SystemCalls calls;
    if (is_abandoned(thread.inside, frame)) {
        thread.handler_inside = 0;
        thread.inside = frame;
        compiler_fence();
        return record_unattached(stamp, id, packed, where);
    }
    if (tracking() == 0) return;
    Event event = shm::make_event(stamp != 0 ? stamp : stamp_now(), id, packed, where);
    if (wants_call_site(event)) event.stack = call_site(current_state(), TIDEMARK_OWN_FRAME, true);
    record_nested(thread, frame, event);
}

[[gnu::noinline, gnu::cold]] void leave_for_room(std::uint64_t stamp, std::uint64_t id,
                                                 std::uint64_t packed,
                                                 std::uint64_t where) noexcept {
    ThreadState& thread = thread_state;
    const SystemCalls calls;
    record_without_room(thread, shm::make_event(stamp, id, packed, where));
    end_append(thread);
}

[[gnu::noinline, gnu::cold]] void tell_and_end(shm::BellSlot& slot,
                                               const shm::RingHeader& header) noexcept {
    tell(slot, header);
    end_append(thread_state);
}

// The rest of an append whose way is clear.
__attribute__((always_inline)) inline void record_stamped(ThreadState& thread, std::uint64_t stamp,
                                                          std::uint64_t id, std::uint64_t packed,
                                                          std::uint64_t where) noexcept {
    shm::LaneWriter& lane = thread.pair->thread;
    const std::uint64_t head = lane.head();
    if (__builtin_expect(!lane.has_room(head), 0)) return leave_for_room(stamp, id, packed, where);
    lane.append(head, stamp, id, packed, where);
    const shm::RingHeader& header = *lane.header;
    if (shm::BellSlot* slot = uninformed_consumer(header)) return tell_and_end(*slot, header);
    end_append(thread);
}

// Where the counter can't be trusted, or call sites are recorded.
[[gnu::noinline]] void record_otherwise(std::uint64_t id, std::uint64_t packed,
                                        std::uint64_t where) noexcept {
    const Event event = shm::make_event(0, id, packed, where);
    if (wants_call_site(event))
        where |= std::uint64_t{call_site(current_state(), TIDEMARK_OWN_FRAME, false)} << 32;
    record_stamped(thread_state, stamp_now(), id, packed, where);
}

// In words, not as an Event, so that they stay in registers; everything rare is a tail call, so that none needs to be
// saved. stamp: 0 means now.
__attribute__((always_inline)) inline void record(std::uint64_t stamp, std::uint64_t id,
                                                  std::uint64_t packed,
                                                  std::uint64_t where) noexcept {
    ThreadState& thread = thread_state;
    const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    if (__builtin_expect(thread.inside != 0, 0))
        return record_inside(stamp, id, packed, where, frame);
    thread.inside = frame;
    // From here on a handler that forks knows that this append goes on in the child.
    compiler_fence();
    const std::uint64_t epoch = __atomic_load_n(&process_page.epoch, __ATOMIC_RELAXED);
    if (__builtin_expect(thread.key != ~epoch, 0))
        return record_unattached(stamp, id, packed, where);
    if (stamp == 0) {
        if (__builtin_expect(clock_state() != ClockState::kCounter, 0))
            return record_otherwise(id, packed, where);
        stamp = counter_now();
    }
    record_stamped(thread, stamp, id, packed, where);
}

// Arguments that no record can hold.
[[gnu::noinline, gnu::cold]] void refuse(Operation operation, std::uint64_t size) noexcept {
    if (tracking() == 0) return;
    const std::uint64_t bytes = size < shm::kMaxEventSize ? size : shm::kMaxEventSize;
    count_loss(TIDEMARK_LOSS_CORRUPT, Event{stamp_now(), 0, pack(operation, 0, bytes), 0, 0},
               nullptr);
}

constexpr bool is_recordable(std::uint32_t device, std::uint32_t pool,
                             std::uint64_t size) noexcept {
    return ((size >> 48) | (device >> 16) | (pool >> 4)) == 0;
}

__attribute__((always_inline)) inline void record_gone(std::uint32_t device, std::uint32_t pool,
                                                       std::uint64_t id, std::uint64_t size,
                                                       std::uint64_t stamp,
                                                       std::uint8_t flags) noexcept {
    if (size == kUnknownSize)
        size = 0;
    else
        flags |= shm::kFlagSized;
    if (__builtin_expect(!is_recordable(device, pool, size), 0))
        return refuse(Operation::kFree, size);
    record(stamp, id, pack(Operation::kFree, pool, size, flags), device);
}

}  // namespace

void record_allocation(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                       std::uint64_t size, std::uint32_t stack) noexcept {
    if (__builtin_expect(!is_recordable(device, pool, size) || pool == TIDEMARK_POOL_ANY, 0))
        return refuse(Operation::kAllocation, size);
    record(0, id, pack(Operation::kAllocation, pool, size), device | std::uint64_t{stack} << 32);
}

void record_free(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                 std::uint64_t size) noexcept {
    record_gone(device, pool, id, size, 0, 0);
}

void record_late_free(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                      std::uint64_t stamp_before, std::uint64_t size) noexcept {
    record_gone(device, pool, id, size, stamp_before, shm::kFlagLate);
}

std::uint64_t stamp() noexcept {
    if (__builtin_expect(clock_state() == ClockState::kUnknown, 0)) start(StartMode::kFirstUse);
    return stamp_now();
}

void tell(shm::BellSlot& slot, const shm::RingHeader& header) noexcept {
    shm::tell_news(slot, header);
    if (shm::is_asleep(slot)) wake(slot);
}

void wake(shm::BellSlot& slot) noexcept {
    const SystemCalls calls;
    if (calls) shm::ring(slot);
}

}  // namespace tidemark::producer
