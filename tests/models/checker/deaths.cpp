// SPDX-License-Identifier: Apache-2.0
#include "models/checker/explorer.hpp"
#include "models/checker/fibers.hpp"
#include "models/checker/threads.hpp"

namespace tidemark::model {
namespace {

void undo_some(Fiber& fiber) {
    for (auto store = fiber.stores.rbegin(); store != fiber.stores.rend(); ++store) {
        if (choose(2) == 0) continue;
        __real_memcpy(store->at, store->before, store->bytes);
        memory.was_overwritten(store->at, store->bytes);
    }
    fiber.stores.clear();
}

}  // namespace

void release_successors(int thread) {
    for (int i = 0; i < count(); ++i) {
        if (model->threads[i].after != thread || fibers[i].state != State::kWaiting) continue;
        memory.join(i, thread);
        fibers[i].state = State::kReady;
    }
}

void kill(int thread) {
    somebody_was_killed = true;
    memory.note(thread, 0xDEAD);
    explorer->tell("thread " + std::to_string(thread) + " is killed");
    undo_some(fibers[thread]);
    fibers[thread].state = State::kKilled;
    release_successors(thread);
}

void be_killed_or_not() {
    if (!model->threads[running].may_be_killed || somebody_was_killed || pick(2) == 0) return;
    kill(running);
    schedule();
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

}  // namespace tidemark::model
