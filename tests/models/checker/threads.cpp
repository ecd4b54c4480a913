// SPDX-License-Identifier: Apache-2.0
#include "models/checker/threads.hpp"

#include "models/checker/explorer.hpp"
#include "models/checker/fibers.hpp"
#include "models/checker/held_store.hpp"

namespace tidemark::model {

Memory memory;
bool is_running;
Fiber fibers[kThreads];
const Model* model;
int running = -1;
bool somebody_was_killed, was_given_up;

namespace {

constexpr std::size_t kStackBytes = 128 * 1024;
alignas(64) char stacks[kThreads][kStackBytes];
ucontext_t outside;

bool has_ended(int thread) {
    return fibers[thread].state == State::kEnded || fibers[thread].state == State::kKilled;
}

void go_to(int thread) {
    const int from = running;
    if (thread == from) return;
    running = thread;
    if (from >= 0 && !has_ended(from))
        swapcontext(&fibers[from].context, &fibers[thread].context);
    else
        setcontext(&fibers[thread].context);
}

// Who could go on, then who could be killed (their numbers plus kThreads).
int options(int (&out)[2 * kThreads]) {
    int found = 0;
    for (int i = 0; i < count(); ++i)
        if (fibers[i].state == State::kReady) out[found++] = i;
    if (found == 0) return 0;
    for (int i = 0; i < count() && !somebody_was_killed; ++i) {
        const State state = fibers[i].state;
        const bool lives = state == State::kReady || state == State::kAsleep;
        if (lives && model->threads[i].may_be_killed) out[found++] = kThreads + i;
    }
    return found;
}

std::uint64_t state_hash() {
    std::uint64_t hash = memory.hash();
    for (int i = 0; i < count(); ++i)
        hash = mix(hash, static_cast<std::uint64_t>(fibers[i].state) * 4 +
                             fibers[i].has_begun * 2u + fibers[i].has_been_interrupted);
    return hash;
}

void run_thread(int thread) {
    fibers[thread].has_begun = true;
    model->threads[thread].run();
    held_store::settle();
    interrupt_or_not(thread);
    release_held_store();
    compiler_fence();
    fibers[thread].state = State::kEnded;
    release_successors(thread);
    schedule();
}

void begin_fiber(int thread) {
    Fiber& fiber = fibers[thread];
    fiber.state = model->threads[thread].after < 0 ? State::kReady : State::kWaiting;
    fiber.has_begun = fiber.has_been_interrupted = fiber.is_interrupted = false;
    fiber.sleeps_on = nullptr;
    fiber.stores.clear();
    getcontext(&fiber.context);
    fiber.context.uc_stack = {stacks[thread], 0, kStackBytes};
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, reinterpret_cast<void (*)()>(run_thread), 1, thread);
}

void stay_within_bound() {
    if (memory.of(running).steps < model->threads[running].most_steps) return;
    explorer->cut();
    give_up();
}

}  // namespace

void leave() {
    is_running = false;
    setcontext(&outside);
    __builtin_unreachable();
}

void schedule() {
    for (;;) {
        int able[2 * kThreads];
        const int found = options(able);
        if (found == 0) leave();
        if (found > 1 && !explorer->is_new_state(state_hash())) give_up();
        const int chosen = able[pick(static_cast<unsigned>(found))];
        if (chosen >= kThreads) {
            kill(chosen - kThreads);
            continue;
        }
        return go_to(chosen);
    }
}

void before_access() {
    stay_within_bound();
    interrupt_or_not(running);
    schedule();
}

void before_plain_store(void* address, std::size_t bytes) {
    stay_within_bound();
    interrupt_or_not(running);
    be_killed_or_not();
    will_store(address, bytes);
}

void execute(const Model& what) {
    model = &what;
    memory.reset(count());
    forget_held_stores();
    running = -1;
    somebody_was_killed = was_given_up = false;
    what.setup();
    for (int i = 0; i < count(); ++i)
        begin_fiber(i);
    volatile bool is_over = false;
    getcontext(&outside);
    if (!is_over) {
        is_over = true;
        is_running = true;
        schedule();
    }
    running = -1;
    if (!explorer->has_failed() && !was_given_up) what.check();
}

}  // namespace tidemark::model
