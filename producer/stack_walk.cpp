// SPDX-License-Identifier: Apache-2.0
//
// The chain of frames, and where a thread's stack ends.
#include "producer/stack_walk.hpp"

#include <string.h>

#include "shm/raw_maps.hpp"

// Both are addresses that the linker fills in; the tracker says that they mean its own code (malloc/tracker.cpp).
extern "C" {
extern __attribute__((weak, visibility("hidden"))) const char* const tidemark_own_code[2];
}

namespace tidemark::producer {
namespace {

constexpr std::uint32_t kMostLooks = 64;  // a thread that goes from stack to stack

struct StackBounds {
    std::uintptr_t low, end;  // [low, end) is the thread's own stack, as far as it was looked at
    std::uint32_t looks;
};

__thread StackBounds stack_bounds;

// Just above a thread's stack, in the same mapping, unless libc didn't make the stack.
std::uintptr_t thread_pointer() noexcept {
    std::uintptr_t pointer;
#if defined(__x86_64__)
    __asm__("movq %%fs:0, %0" : "=r"(pointer));
#else
    __asm__("mrs %0, tpidr_el0" : "=r"(pointer));
#endif
    return pointer;
}

[[gnu::noinline, gnu::cold]] std::uintptr_t look_for_end(std::uintptr_t position) noexcept {
    StackBounds& bounds = stack_bounds;
    if (bounds.looks >= kMostLooks) return 0;
    ++bounds.looks;
    shm::Mapping mapping;
    shm::MapsReader maps;
    while (maps.next(mapping)) {
        if (position - mapping.begin >= mapping.end - mapping.begin) continue;
        const std::uintptr_t thread = thread_pointer();
        const bool is_threads = thread > position && thread < mapping.end;
        if (!is_threads && strcmp(mapping.path, "[stack]") != 0) return 0;
        bounds.low = mapping.begin;
        bounds.end = is_threads ? thread : mapping.end;
        return bounds.end;
    }
    return 0;
}

// Whatever lies on a stack is read here, also what a sanitizer calls poisoned.
__attribute__((no_sanitize("address", "thread", "undefined"))) std::uintptr_t load(
    std::uintptr_t address) noexcept {
    return *reinterpret_cast<const volatile std::uintptr_t*>(address);
}

}  // namespace

CodeRange own_code() noexcept {
    if (tidemark_own_code == nullptr) return {0, 0};
    return {reinterpret_cast<std::uintptr_t>(tidemark_own_code[0]),
            reinterpret_cast<std::uintptr_t>(tidemark_own_code[1])};
}

std::uint32_t walk_frames(std::uintptr_t frame, std::uintptr_t end, CodeRange own,
                          std::uint64_t* out, std::uint32_t most) noexcept {
    constexpr std::uintptr_t kRecord = 2 * sizeof(std::uintptr_t);
    constexpr std::uintptr_t kFirstPage = 4096;
    std::uint32_t count = 0;
    std::uintptr_t lowest = frame;
    while (count < most) {
        const bool is_on_stack = frame >= lowest && frame % sizeof(std::uintptr_t) == 0 &&
                                 frame < end && end - frame >= kRecord;
        // Our own frames may be followed without knowing the stack: we made them.
        if (end != 0 && !is_on_stack) break;
        const std::uintptr_t next = load(frame);
        const std::uintptr_t caller = load(frame + sizeof(std::uintptr_t));
        if (caller < kFirstPage) break;
        const bool is_ours = count == 0 && own.contains(caller);
        if (!is_ours) out[count++] = caller;
        if (next <= frame || (end == 0 && !is_ours)) break;
        lowest = frame + kRecord;
        frame = next;
    }
    return count;
}

std::uintptr_t stack_end(std::uintptr_t position, bool may_look) noexcept {
    const StackBounds& bounds = stack_bounds;
    if (__builtin_expect(position - bounds.low < bounds.end - bounds.low, 1)) return bounds.end;
    return may_look ? look_for_end(position) : 0;
}

}  // namespace tidemark::producer
