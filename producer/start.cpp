// SPDX-License-Identifier: Apache-2.0
//
// Whether tracking is on, and what is settled once a process image: environment, clock, barrier, fork handlers. Also
// the sandbox, which takes most of it back.
#include <linux/membarrier.h>
#include <pthread.h>

#include "producer/fork.hpp"
#include "producer/hot.hpp"
#include "producer/room.hpp"
#include "producer/runtime.hpp"
#include "shm/kill_point.hpp"
#include "shm/raw_syscall.hpp"

namespace tidemark::producer {

std::uint32_t detail::mode;
std::uint32_t detail::clock_state;

namespace {

std::uint32_t fork_handlers_registered;

Mode current_mode() noexcept {
    // SYNC(start): acquire pairs with the release in decide(): the settings are complete.
    return static_cast<Mode>(__atomic_load_n(&detail::mode, __ATOMIC_ACQUIRE));
}

void set_mode(Mode mode) noexcept {
    // SYNC(start): release, after the settings.
    __atomic_store_n(&detail::mode, static_cast<std::uint32_t>(mode), __ATOMIC_RELEASE);
}

void set_clock(ClockState state) noexcept {
    __atomic_store_n(&detail::clock_state, static_cast<std::uint32_t>(state), __ATOMIC_RELAXED);
}

// Several threads may come here at once only if none ran the library's constructor; they write the same, once each, so
// that none of them ever finds what another one is still working out.
void decide() noexcept {
    Settings found;
    read_settings(found);
    inherited.settings = found;
    if (!inherited.settings.enabled) return set_mode(Mode::kOff);
    inherited.clock = shm::choose_clock();
    // Events look at the clock's state anyway, so that those without a stack pay nothing for those with one.
    const ClockState counter =
        inherited.settings.stacks != 0 ? ClockState::kCounterWithStacks : ClockState::kCounter;
    set_clock(inherited.clock == shm::ClockKind::kMonotonic ? ClockState::kMonotonic : counter);
    inherited.membarrier =
        shm::raw_syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
    begin_process();
    set_mode(Mode::kOn);
}

void register_fork_handlers() noexcept {
    if (__atomic_exchange_n(&fork_handlers_registered, 1u, __ATOMIC_RELAXED) != 0) return;
    pthread_atfork(kForkHandlers.before, kForkHandlers.in_parent, kForkHandlers.in_child);
}

// While everything is still allowed: a lane for this thread, as large as it can be, and one for threads to come.
void provide_for_sandbox(std::uintptr_t frame) noexcept {
    ThreadState& thread = thread_state;
    if (thread.inside != 0) return;
    thread.inside = frame;
    const bool is_attached = thread.key == ~__atomic_load_n(&process_page.epoch, __ATOMIC_RELAXED);
    const Attachment own =
        is_attached ? Attachment{thread.pair, false, TIDEMARK_LOSS_SANDBOX} : attach_thread(thread);
    ensure_shared_lane();
    ProcessState* state = current_state();
    if (state != nullptr && own.pair != nullptr && !own.is_shared) grow_fully(*state, *own.pair);
    thread.inside = 0;
}

// From now on: who finds it makes no more system calls.
void announce(Sandbox wanted, Sandbox before) noexcept {
    if (wanted > before)
        // SYNC(sandbox): seq_cst, before the look at other threads.
        __atomic_store_n(&inherited.sandbox, static_cast<std::uint32_t>(wanted), __ATOMIC_SEQ_CST);
    // A filter may be for all threads (SECCOMP_FILTER_FLAG_TSYNC), whatever they are at.
    if (wanted == Sandbox::kFilter && before == Sandbox::kNone) wait_for_callers();
}

void end_recording() noexcept {
    set_clock(ClockState::kForbidden);
    // Every thread's state is void from now on, so that each event takes the slow path, which counts it.
    const std::uint64_t epoch = __atomic_add_fetch(&inherited.last_epoch, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&process_page.epoch, epoch, __ATOMIC_RELAXED);
}

}  // namespace

void start(StartMode how) noexcept {
    if (current_mode() == Mode::kUndecided) decide();
    if (how != StartMode::kConstructor || current_mode() != Mode::kOn) return;
    register_fork_handlers();
    know_bell();
}

std::uint32_t tracking() noexcept {
    if (current_mode() == Mode::kUndecided) start(StartMode::kFirstUse);
    return current_mode() == Mode::kOn;
}

void enter_sandbox(SandboxKind kind) noexcept {
    if (tracking() == 0) return;
    if (sandbox() == Sandbox::kNone) {
        // A vfork child enters its own sandbox, in memory that it shares with us.
        if (!begin_process()) return;
        provide_for_sandbox(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
    }
    // While a system call is still allowed: a collector that sleeps must learn that it has to look by itself from now on.
    if (ProcessState* state = current_state()) {
        TIDEMARK_SHARED_STORE("sandbox.poll_me",
                              __atomic_store_n(&state->header().poll_me, 2u, __ATOMIC_RELAXED));
        look_at_bell(state->header());
    }
    const Sandbox wanted = kind == SandboxKind::kFilter ? Sandbox::kFilter : Sandbox::kSilent;
    announce(wanted, sandbox());
    if (wanted == Sandbox::kSilent) end_recording();
}

}  // namespace tidemark::producer
