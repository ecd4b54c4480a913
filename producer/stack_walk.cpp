// SPDX-License-Identifier: Apache-2.0
//
// The chain of frames, and where a thread's stack ends.
#include "producer/stack_walk.hpp"

#include <string.h>

#include "producer/process_state.hpp"
#include "shm/identity_raw.hpp"
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
    const SystemCalls calls;
    if (!calls || bounds.looks >= kMostLooks) return 0;
    ++bounds.looks;
    shm::Mapping mapping;
    shm::MapsReader maps;
    while (maps.next(mapping)) {
        if (position - mapping.begin >= mapping.end - mapping.begin) continue;
        // The first thread's control block lies anywhere, perhaps beside a coroutine's stack.
        const bool is_first = shm::own_tid() == shm::own_pid();
        const std::uintptr_t thread = thread_pointer();
        const bool is_own = is_first ? strcmp(mapping.path, "[stack]") == 0
                                     : thread > position && thread < mapping.end;
        if (!is_own) return 0;
        bounds.low = mapping.begin;
        bounds.end = is_first ? mapping.end : thread;
        return bounds.end;
    }
    return 0;
}

// Whatever lies on a stack is read here, also what a sanitizer calls poisoned.
__attribute__((no_sanitize("address", "thread", "undefined"))) std::uintptr_t load(
    std::uintptr_t address) noexcept {
    return *reinterpret_cast<const volatile std::uintptr_t*>(address);
}

constexpr std::uintptr_t kWord = sizeof(std::uintptr_t);
constexpr std::uintptr_t kFirstPage = 4096;
constexpr std::uintptr_t kAnywhere = ~std::uintptr_t{0};

// A return address, and the stack pointer and frame pointer when it has been returned to.
struct Position {
    std::uintptr_t caller, stack, frame;
};

// Frames rise, so a walk ends.
bool follow_frame_pointer(Position& position, std::uintptr_t end) noexcept {
    const std::uintptr_t frame = position.frame;
    if (frame < position.stack || frame % kWord != 0 || frame >= end || end - frame < 2 * kWord)
        return false;
    position = {load(frame + kWord), frame + 2 * kWord, load(frame)};
    return position.caller >= kFirstPage;
}

bool follow_rule(Position& position, const UnwindRule& rule, std::uintptr_t end) noexcept {
    const std::uintptr_t base = rule.by_frame_pointer() ? position.frame : position.stack;
    const std::uintptr_t above = base + rule.size();
    if (base < position.stack || base >= end || above % kWord != 0 || above > end ||
        above < position.stack + kWord)
        return false;
    std::uintptr_t frame = position.frame;
    if (rule.is_saved()) {
        const std::uintptr_t place = above - rule.saved_below();
        if (place < position.stack || place >= above) return false;
        frame = load(place);
    }
    position = {load(above - kWord), above, frame};
    return position.caller >= kFirstPage;
}

}  // namespace

CodeRange own_code() noexcept {
    if (tidemark_own_code == nullptr) return {0, 0};
    return {reinterpret_cast<std::uintptr_t>(tidemark_own_code[0]),
            reinterpret_cast<std::uintptr_t>(tidemark_own_code[1])};
}

std::uint32_t walk_frames(std::uintptr_t frame, std::uintptr_t end, CodeRange own,
                          const RuleSource& rules, std::uint64_t* out,
                          std::uint32_t most) noexcept {
    Position position{0, frame, frame};
    // Our own frames may be followed without knowing the stack: we made them.
    do {
        if (!follow_frame_pointer(position, end == 0 ? kAnywhere : end)) return 0;
    } while (own.contains(position.caller));
    std::uint32_t count = 0;
    out[count++] = position.caller;
    while (end != 0 && count < most) {
        const UnwindRule rule = rules.find(rules.context, position.caller);
        const bool found =
            rule.known() ? follow_rule(position, rule, end) : follow_frame_pointer(position, end);
        if (!found) break;
        out[count++] = position.caller;
    }
    return count;
}

std::uintptr_t stack_end(std::uintptr_t position, bool may_look) noexcept {
    const StackBounds& bounds = stack_bounds;
    if (__builtin_expect(position - bounds.low < bounds.end - bounds.low, 1)) return bounds.end;
    return may_look ? look_for_end(position) : 0;
}

}  // namespace tidemark::producer
