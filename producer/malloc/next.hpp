// SPDX-License-Identifier: Apache-2.0
//
// The functions that the tracker stands in front of, as the program would have got them without it: the next
// definition in the loader's order, which may be another allocator's. Each slot holds a stub until it was resolved,
// so that a call costs one indirect jump and no question. No lock anywhere: threads that meet here all resolve, and
// all store the same.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "producer/malloc/bootstrap_arena.hpp"

#pragma GCC visibility push(hidden)

namespace tidemark::tracker {

// X(name, type)
#define TIDEMARK_NEXT_FUNCTIONS(X)                               \
    X(malloc, void* (*)(std::size_t))                            \
    X(calloc, void* (*)(std::size_t, std::size_t))               \
    X(realloc, void* (*)(void*, std::size_t))                    \
    X(free, void (*)(void*))                                     \
    X(memalign, void* (*)(std::size_t, std::size_t))             \
    X(aligned_alloc, void* (*)(std::size_t, std::size_t))        \
    X(posix_memalign, int (*)(void**, std::size_t, std::size_t)) \
    X(valloc, void* (*)(std::size_t))                            \
    X(pvalloc, void* (*)(std::size_t))                           \
    X(prctl, int (*)(int, ...))                                  \
    X(syscall, long (*)(long, ...))

struct Next {
#define TIDEMARK_X(name, ...)         \
    using name##_type = __VA_ARGS__;  \
    std::atomic<name##_type> name##_; \
    name##_type name() const noexcept { return name##_.load(std::memory_order_relaxed); }
    TIDEMARK_NEXT_FUNCTIONS(TIDEMARK_X)
#undef TIDEMARK_X
};

extern Next next;
extern Next found;              // what was found; null: not yet, or there is none
extern const Next first_calls;  // what the slots hold at first
extern BootstrapArena arena;

// Where the code of a next allocator that is not libc lies; size 0 while it is libc, whose functions never call the
// ones that we replace (reallocarray would, so it is not forwarded).
struct ForeignAllocator {
    std::atomic<std::uintptr_t> begin;
    std::atomic<std::uintptr_t> size;

    bool present() const noexcept { return size.load(std::memory_order_relaxed) != 0; }
    bool contains(const void* code) const noexcept {
        return reinterpret_cast<std::uintptr_t>(code) - begin.load(std::memory_order_relaxed) <
               size.load(std::memory_order_relaxed);
    }
};

extern ForeignAllocator foreign;

// Fills every slot; false if this thread is at it already, further up its stack. Idempotent; called by the first stub
// that runs, and by the constructor at the latest.
bool resolve_next() noexcept;

// How resolve_next() asks; find_next.cpp, or a test's own.
void* find_next(const char* name) noexcept;
// Where the object that holds this function lies, unless that is libc.
struct CodeRange {
    std::uintptr_t begin;
    std::uintptr_t size;
};
CodeRange find_foreign_allocator(const void* function) noexcept;

}  // namespace tidemark::tracker

#pragma GCC visibility pop
