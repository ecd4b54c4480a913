// SPDX-License-Identifier: Apache-2.0
//
// The allocator behind the tracker in these tests: the real one, with switches to make it fail, to look at what
// happens right before it acts, and to forget that the tracker ever asked for it.
#pragma once

#include <cstddef>
#include <functional>

namespace stand_in {

// While set: the next functions return failure, with ENOMEM.
extern bool fails;
// Called before a next function acts, with its name and the block that it gets or nullptr.
extern std::function<void(const char* name, void* block)> before;
// Called by each look-up of a next function, as the loader's own code would run.
extern std::function<void(const char* name)> during_look_up;
// A name that no allocator defines.
extern const char* missing;
// Whether the stand-in says that it is an allocator apart from libc, whose code is all of this test's.
extern bool is_foreign;

// While one exists, this thread's allocations come from a store that a signal handler may use at any instruction.
class InHandler {
public:
    InHandler();
    ~InHandler();
    InHandler(const InHandler&) = delete;
    InHandler& operator=(const InHandler&) = delete;
};

// As before the first call of all; what the arena gave out stays given.
void forget();

// What prctl and syscall were last called with.
struct Call {
    long number;
    unsigned long arguments[6];
};
extern Call last_call;

}  // namespace stand_in
