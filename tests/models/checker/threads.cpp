// SPDX-License-Identifier: Apache-2.0
#include "models/checker/threads.hpp"

#include <ucontext.h>

#include <cstdio>
#include <vector>

#include "models/checker/explorer.hpp"
#include "models/checker/held_store.hpp"

namespace tidemark::model {

Memory memory;
bool is_running;

namespace {

enum class State { kWaiting, kReady, kAsleep, kEnded, kKilled };

struct Fiber {
    ucontext_t context;
    State state;
    bool has_begun;
    bool has_been_interrupted;
    bool is_interrupted;  // now
    std::uint32_t* sleeps_on;
    struct Store {
        std::byte* at;
        std::byte before[8];
        std::size_t bytes;
    };
    std::vector<Store> stores;  // since the last signal fence
};

constexpr std::size_t kStackBytes = 128 * 1024;
alignas(64) char stacks[kThreads][kStackBytes];
Fiber fibers[kThreads];
ucontext_t outside;
const Model* model;
int running = -1;
bool somebody_was_killed, was_given_up;

int count() { return static_cast<int>(model->threads.size()); }
bool has_ended(int thread) {
    return fibers[thread].state == State::kEnded || fibers[thread].state == State::kKilled;
}

[[noreturn]] void leave() {
    is_running = false;
    setcontext(&outside);
    __builtin_unreachable();
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

// The successor of a thread that ended finds all that it stored.
void release_successors(int thread) {
    for (int i = 0; i < count(); ++i) {
        if (model->threads[i].after != thread || fibers[i].state != State::kWaiting) continue;
        memory.join(i, thread);
        fibers[i].state = State::kReady;
    }
}

void undo_some(Fiber& fiber) {
    for (auto store = fiber.stores.rbegin(); store != fiber.stores.rend(); ++store) {
        if (choose(2) == 0) continue;
        __real_memcpy(store->at, store->before, store->bytes);
        memory.was_overwritten(store->at, store->bytes);
    }
    fiber.stores.clear();
}

void kill(int thread) {
    somebody_was_killed = true;
    memory.note(thread, 0xDEAD);
    explorer->tell("thread " + std::to_string(thread) + " is killed");
    undo_some(fibers[thread]);
    fibers[thread].state = State::kKilled;
    release_successors(thread);
}

std::uint64_t state_hash() {
    std::uint64_t hash = memory.hash();
    for (int i = 0; i < count(); ++i)
        hash = mix(hash, static_cast<std::uint64_t>(fibers[i].state) * 4 +
                             fibers[i].has_begun * 2u + fibers[i].has_been_interrupted);
    return hash;
}

// Somebody goes on; the calling thread comes back when it is its turn. Nobody left: the execution is over.
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

void interrupt_or_not(int thread) {
    Fiber& fiber = fibers[thread];
    if (model->threads[thread].handler == nullptr || fiber.has_been_interrupted) return;
    if (pick(2) == 0) return;
    fiber.has_been_interrupted = true;
    memory.note(thread, 0x51C);
    explorer->tell("thread " + std::to_string(thread) + " is interrupted");
    fiber.is_interrupted = true;
    model->threads[thread].handler();
    fiber.is_interrupted = false;
    explorer->tell("thread " + std::to_string(thread) + " goes on");
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

void be_killed_or_not() {
    if (!model->threads[running].may_be_killed || somebody_was_killed || pick(2) == 0) return;
    kill(running);
    schedule();
}

void stay_within_bound() {
    if (memory.of(running).steps < model->threads[running].most_steps) return;
    explorer->cut();
    give_up();
}

}  // namespace

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

void will_store(void* address, std::size_t bytes) {
    if (!model->compiler_may_reorder) return;
    auto* at = static_cast<std::byte*>(address);
    for (std::size_t done = 0; done < bytes; done += 8) {
        Fiber::Store store{at + done, {}, bytes - done < 8 ? bytes - done : 8};
        __real_memcpy(store.before, store.at, store.bytes);
        fibers[running].stores.push_back(store);
    }
}

void compiler_fence() {
    if (model->compiler_may_reorder) be_killed_or_not();
    fibers[running].stores.clear();
}

void share(void* shared, std::size_t bytes) { memory.share(shared, bytes); }

void share_in_halves(void* shared, std::size_t bytes) { memory.share_in_halves(shared, bytes); }

void require(bool holds, const char* what) {
    if (!holds) race(what, nullptr);
}

void race(const char* what, const void* address) {
    char text[160];
    std::snprintf(text, sizeof text, address == nullptr ? "%s" : "%s (%p)", what, address);
    explorer->fail(text);
    explorer->tell(text);
    if (is_running) leave();
}

void give_up() {
    was_given_up = true;
    leave();
}

unsigned pick(unsigned options) { return explorer->choose(options); }

unsigned choose(unsigned options) {
    const unsigned chosen = pick(options);
    if (options > 1 && running >= 0) memory.note(running, chosen);
    return chosen;
}

int self() { return running; }
bool is_in_handler() { return fibers[running].is_interrupted; }
bool was_killed(int thread) { return fibers[thread].state == State::kKilled; }
bool was_interrupted(int thread) { return fibers[thread].has_been_interrupted; }
bool is_asleep(int thread) { return fibers[thread].state == State::kAsleep; }

void futex_wait(std::uint32_t* word, std::uint32_t value) {
    release_held_store();
    before_access();
    if (memory.newest(running, word, sizeof *word) != value) return;
    tell_access("sleeps on", word, value);
    fibers[running].state = State::kAsleep;
    fibers[running].sleeps_on = word;
    schedule();
}

void futex_wake(std::uint32_t* word) {
    release_held_store();
    before_access();
    for (int i = 0; i < count(); ++i)
        if (fibers[i].state == State::kAsleep && fibers[i].sleeps_on == word) {
            fibers[i].state = State::kReady;
            memory.note(running, 0xA3E + static_cast<unsigned>(i));
            memory.note(i, memory.step_name(running));
        }
    tell_access("wakes who sleeps on", word, 0);
}

void full_fence() {
    release_held_store();
    before_access();
    memory.fence(running, {true, true, true});
    tell_access("full fence", nullptr, 0);
}

void see_newest() { memory.see_newest(running); }

// Others run on between the barriers that their processors pass. What a thread stored before it ended is passed too.
void membarrier() {
    full_fence();
    for (int i = 0; i < count(); ++i) {
        if (i == running) continue;
        before_access();
        memory.fence(i, {true, true, true});
    }
    full_fence();
}

void tell_access(const char* what, const void* address, std::uint64_t value) {
    if (!explorer->is_tracing()) return;
    char text[160];
    std::snprintf(text, sizeof text, "thread %d  %-18s %p  %#llx", running, what, address,
                  static_cast<unsigned long long>(value));
    explorer->tell(text);
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
