// SPDX-License-Identifier: Apache-2.0
//
// In mutants without a signal fence: one store of a thread, which the compiler has moved down. It passes loads, plain and
// relaxed stores that follow; an order that the program still asks for, a call of the kernel, and the thread's own next
// look at the place hold it back. A handler that interrupts meanwhile does not find it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/checker/order.hpp"

namespace tidemark::model {

namespace held_store {

// The last plain store is done by now: taken back, if it is to be held.
void settle();
void before_load(const void* address, std::size_t bytes);
void after_load();
void before_store(const void* address, std::size_t bytes, Order order);
// True: held, so not to be done now.
bool hold(void* address, unsigned bytes, std::uint64_t value, Order order);
// A plain store, which its code does after the hook; it is taken back when the next access comes.
void may_hold_plain(void* address, std::size_t bytes);

}  // namespace held_store

// It is done at the latest when its thread calls the kernel or ends.
void release_held_store();
void forget_held_stores();

}  // namespace tidemark::model
