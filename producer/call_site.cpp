// SPDX-License-Identifier: Apache-2.0
#include "producer/call_site.hpp"

#include "producer/stack_walk.hpp"

namespace tidemark::producer {
namespace {

constexpr std::uint32_t kLookPatience = 0;  // another thread that holds the lock may well be looking itself

[[gnu::noinline, gnu::cold]] void note_unknown(ModuleTable& modules, const std::uint64_t* stack,
                                               std::uint32_t count) noexcept {
    for (std::uint32_t i = 0; i < count; ++i)
        if (!modules.knows(stack[i])) __atomic_store_n(&modules.wanted, 1u, __ATOMIC_RELAXED);
}

[[gnu::noinline, gnu::cold]] void look_at_modules(ProcessState& state) noexcept {
    if (!state.modules.is_time()) return;
    const shm::SignalsBlocked quiet;
    if (!take_page_lock(kLookPatience)) return;
    state.modules.look(state.ring);
    drop_page_lock();
}

}  // namespace

std::uint32_t call_site(ProcessState* of, std::uintptr_t frame, bool is_nested) noexcept {
    if (of == nullptr || of->stacks.entries == nullptr) return 0;
    ProcessState& state = *of;
    StackTable& stacks = state.stacks;
    const bool may_ask = !is_nested && sandbox() == Sandbox::kNone;
    std::uint64_t stack[shm::kMostFrames];
    const std::uint32_t count =
        walk_frames(frame, stack_end(frame, may_ask), own_code(), stack, stacks.frames);
    if (count == 0) return 0;
    bool is_new = false;
    const std::uint32_t number = stacks.number_of(state.ring, stack, count, may_ask, is_new);
    if (__builtin_expect(is_new, 0)) {
        note_unknown(state.modules, stack, count);
        const std::uint64_t grown = stacks.take_grown();
        if (grown != 0) account_touched(state, grown);
    }
    const bool is_wanted = __atomic_load_n(&state.modules.wanted, __ATOMIC_RELAXED) != 0;
    if (__builtin_expect(is_wanted, 0) && may_ask) look_at_modules(state);
    return number;
}

}  // namespace tidemark::producer
