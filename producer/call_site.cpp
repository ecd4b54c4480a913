// SPDX-License-Identifier: Apache-2.0
//
// A call site: walked with what is known of the code, then given its number.
#include "producer/call_site.hpp"

#include "producer/stack_walk.hpp"

namespace tidemark::producer {
namespace {

constexpr std::uint32_t kPatience = 20;  // naps of 50 us: another thread may be learning, too

#if defined(__x86_64__)
constexpr bool kUsesRules = true;
#else
constexpr bool kUsesRules = false;
#endif

// Looks at the mappings and at unwind tables, once an address.
[[gnu::noinline, gnu::cold]] UnwindRule learn(ProcessState& state, std::uint64_t address) noexcept {
    UnwindRule rule;
    const SystemCalls calls;
    if (!calls) return rule;
    const shm::SignalsBlocked quiet;
    if (!take_page_lock(kPatience)) return rule;
    if (!state.modules.knows(address) && state.modules.is_time()) state.modules.look(state.ring);
    const std::uint64_t header = state.modules.unwind_header(address);
    if (header != 0) rule = find_rule(header, address, copy_own_memory);
    state.rules.keep(address, rule);
    drop_page_lock();
    return rule;
}

UnwindRule known_rule(void* state, std::uint64_t address) noexcept {
    UnwindRule rule;
    if (kUsesRules) static_cast<ProcessState*>(state)->rules.find(address, rule);
    return rule;
}

UnwindRule known_or_learnt_rule(void* context, std::uint64_t address) noexcept {
    auto& state = *static_cast<ProcessState*>(context);
    UnwindRule rule;
    if (!kUsesRules || __builtin_expect(state.rules.find(address, rule), 1)) return rule;
    return learn(state, address);
}

[[gnu::noinline, gnu::cold]] void note_unknown(ModuleTable& modules, const std::uint64_t* stack,
                                               std::uint32_t count) noexcept {
    for (std::uint32_t i = 0; i < count; ++i)
        if (!modules.knows(stack[i])) __atomic_store_n(&modules.wanted, 1u, __ATOMIC_RELAXED);
}

[[gnu::noinline, gnu::cold]] void look_at_modules(ProcessState& state) noexcept {
    if (!state.modules.is_time()) return;
    const SystemCalls calls;
    if (!calls) return;
    const shm::SignalsBlocked quiet;
    if (!take_page_lock(0)) return;
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
    const RuleSource rules{may_ask ? known_or_learnt_rule : known_rule, of};
    const std::uint32_t count =
        walk_frames(frame, stack_end(frame, may_ask), own_code(), rules, stack, stacks.frames);
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
