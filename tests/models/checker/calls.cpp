// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "models/checker/explorer.hpp"
#include "models/checker/fibers.hpp"
#include "models/checker/held_store.hpp"
#include "models/checker/threads.hpp"

namespace tidemark::model {

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

}  // namespace tidemark::model
