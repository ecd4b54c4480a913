// SPDX-License-Identifier: Apache-2.0
//
// The threads of a model: contexts of one real thread, which change places only at accesses to shared memory. Also
// their deaths, signal handlers and sleep.
#pragma once

#include <cstdint>

#include "models/checker/memory.hpp"

namespace tidemark::model {

// What the hooks need: the model's memory, and whether accesses are to be modelled now.
extern Memory memory;
extern bool is_running;

// Before each access of the running thread: others may go first, it may be killed, its handler may run.
void before_access();
// Before a plain store: others need not go first, since a race is found wherever they go.
void before_plain_store(void* address, std::size_t bytes);

// Of a model whose compiler may exchange stores that no signal fence parts: a kill may find any of them undone.
void will_store(void* address, std::size_t bytes);
void compiler_fence();

// True while the running thread's handler runs, which finds what the thread that it interrupted has stored so far.
bool is_in_handler();

// Tells the trace of an access.
void tell_access(const char* what, const void* address, std::uint64_t value);

}  // namespace tidemark::model
