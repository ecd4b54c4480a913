// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the checker's threads know of each other: who runs (threads.cpp), who dies or is interrupted
// (deaths.cpp), what a model asks for (calls.cpp). No other file includes it.
#pragma once

#include <ucontext.h>

#include <vector>

#include "models/checker/memory.hpp"

namespace tidemark::model {

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

extern Fiber fibers[kThreads];
extern const Model* model;
extern int running;
extern bool somebody_was_killed, was_given_up;

inline int count() { return static_cast<int>(model->threads.size()); }

// The execution is over.
[[noreturn]] void leave();
// Somebody goes on; the calling thread comes back when it is its turn. Nobody left: the execution is over.
void schedule();
void kill(int thread);
void be_killed_or_not();
void interrupt_or_not(int thread);
// The successor of a thread that ended finds all that it stored.
void release_successors(int thread);

}  // namespace tidemark::model
