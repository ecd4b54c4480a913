// SPDX-License-Identifier: Apache-2.0
//
// Which lane a thread writes to. A thread has one from its first event on; nothing runs when it ends (destructors
// still allocate then), so a lane is taken over once its owner's thread id is gone.
#pragma once

#include <cstdint>

#include "producer/process_state.hpp"

#pragma GCC visibility push(hidden)

namespace tidemark::producer {

// Zero is its valid first state. Void when key != ~process_page.epoch: no lane yet, or of another process.
struct ThreadState {
    std::uint64_t key;
    LanePair* pair;
    std::uintptr_t inside;          // stack position of the append that is going on; 0: none
    std::uintptr_t handler_inside;  // the same of a handler's append inside that one
};

extern __thread ThreadState thread_state;

struct Attachment {
    LanePair* pair;             // nullptr: none
    bool is_shared;             // then append under SharedLane only
    tidemark_loss_cause cause;  // if none: why
};

// Finds a lane for the calling thread; makes the process's ring first if there is none. Called with `inside` set and
// no append below it on this thread's stack.
Attachment attach_thread(ThreadState& thread) noexcept;

// Makes the lane that threads without one share, if there is none and it can be had.
void ensure_shared_lane() noexcept;

// The right to append to the shared lane: a try-lock in private memory, bounded.
class SharedLane {
public:
    explicit SharedLane(ProcessState& state) noexcept;
    ~SharedLane();
    SharedLane(const SharedLane&) = delete;
    SharedLane& operator=(const SharedLane&) = delete;
    explicit operator bool() const noexcept { return owned_; }

private:
    shm::SignalsBlocked signals_;  // the holder is neither interrupted nor cancelled
    ProcessState& state_;
    bool owned_;
};

}  // namespace tidemark::producer

#pragma GCC visibility pop
