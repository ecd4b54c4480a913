// SPDX-License-Identifier: Apache-2.0
//
// Resolving the next functions, from whichever call comes first: often the loader itself, before any constructor.
#include "producer/malloc/next.hpp"

#include <errno.h>

namespace tidemark::tracker {

constinit BootstrapArena arena;
constinit ForeignAllocator foreign{};
constinit Next found{};

namespace {

// This thread is inside resolve_next(): what it allocates now is the loader's.
constinit thread_local bool resolving = false;

// The stub gives way to what was found; a guard that took its place stays.
template <class Function>
void settle(std::atomic<Function>& slot, std::atomic<Function>& finding, Function stub,
            const char* name) noexcept {
    const auto function = reinterpret_cast<Function>(find_next(name));
    if (function == nullptr) return;
    finding.store(function, std::memory_order_relaxed);
    slot.compare_exchange_strong(stub, function, std::memory_order_relaxed);
}

}  // namespace

bool resolve_next() noexcept {
    if (resolving) return false;
    resolving = true;
    const int before = errno;
#define TIDEMARK_X(name, ...) settle(next.name##_, found.name##_, first_calls.name(), #name);
    TIDEMARK_NEXT_FUNCTIONS(TIDEMARK_X)
#undef TIDEMARK_X
    const CodeRange range = find_foreign_allocator(reinterpret_cast<const void*>(found.malloc()));
    foreign.begin.store(range.begin, std::memory_order_relaxed);
    foreign.size.store(range.size, std::memory_order_relaxed);
    errno = before;
    resolving = false;
    return true;
}

}  // namespace tidemark::tracker
