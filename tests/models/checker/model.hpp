// SPDX-License-Identifier: Apache-2.0
//
// What a model may say. A model runs the project's own code, compiled with -fsanitize=thread against the checker's
// hooks instead of the sanitizer's library, in every interleaving and with every value that the memory orders written
// there allow each load to answer. Not for time: nothing here waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tidemark::model {

struct Thread {
    void (*run)();
    bool may_be_killed = false;  // at any access to shared memory; one thread an execution
    int after = -1;  // starts when that thread ended or was killed, and knows all that it stored
    void (*handler)() = nullptr;  // a signal handler, which interrupts `run` once, anywhere
    unsigned most_steps = 60;     // accesses; what goes on for longer is cut, and counted
};

struct Model {
    const char* name;
    const char* about;
    void (*setup)();  // alone, before the threads
    std::vector<Thread> threads;
    void (*check)();                    // alone, after them
    bool compiler_may_reorder = false;  // stores that no signal fence parts, as a kill finds them
};

// From setup: accesses to these bytes are the model's business. They are zero at first.
void share(void* memory, std::size_t bytes);
// Of shared bytes: words that some access whole and others by halves. Here each access is one to each half, at one moment.
void share_in_halves(void* memory, std::size_t bytes);
// A counter-example, if false.
void require(bool holds, const char* what);
// Any number below `count`.
unsigned choose(unsigned count);
// This execution is of no interest.
[[noreturn]] void give_up();

// The calling thread's number; -1 in setup and check.
int self();
bool was_killed(int thread);
bool was_interrupted(int thread);  // by its handler
bool is_asleep(int thread);        // in check: it sleeps and nobody will wake it

// A futex word: sleeps if the newest value is `value`, and wakes all who sleep. As in the kernel, the comparison, the
// sleep and the wake are ordered by its lock.
void futex_wait(std::uint32_t* word, std::uint32_t value);
void futex_wake(std::uint32_t* word);
// A thread's full fence; membarrier, which makes every other thread pass one, each at its own moment.
void full_fence();
// What the kernel's answer "it is gone" gives: what the others stored can no longer be overlooked, but is not acquired.
void see_newest();
void membarrier();

}  // namespace tidemark::model
