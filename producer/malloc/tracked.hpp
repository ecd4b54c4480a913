// SPDX-License-Identifier: Apache-2.0
//
// What happens around each allocator call: the real one, and its record, in the order that keeps causes before
// effects. A free is recorded before the memory is really freed, an allocation after it was made; what can still fail
// is stamped before and recorded after. Failures record nothing, and errno is the allocator's.
#pragma once

#include <errno.h>

#include "producer/malloc/next.hpp"
#include "producer/runtime.hpp"
#include "tidemark/words.h"

namespace tidemark::tracker {

// Calls of this thread into a foreign allocator that have not returned.
inline constinit thread_local unsigned foreign_depth [[gnu::visibility("hidden")]] = 0;

// A foreign allocator may be built on the functions that we replace. While one of its calls runs, what its own code
// asks for is part of that call; what a signal handler or a library asks for is not.
class ForeignCall {
public:
    explicit ForeignCall(const void* caller) noexcept
        : nested_(foreign_depth > 0 && foreign.contains(caller)) {
        ++foreign_depth;
    }
    ~ForeignCall() { --foreign_depth; }
    ForeignCall(const ForeignCall&) = delete;
    ForeignCall& operator=(const ForeignCall&) = delete;

    bool nested() const noexcept { return nested_; }

private:
    bool nested_;
};

// A block of the next allocator: neither a failure nor what the loader got meanwhile.
inline bool is_real(const void* block) noexcept { return block != nullptr && !arena.owns(block); }

inline void note_allocation(const void* block, std::size_t size) noexcept {
    producer::record_allocation(TIDEMARK_DEVICE_HOST, TIDEMARK_POOL_SYSTEM_MEMORY,
                                reinterpret_cast<std::uintptr_t>(block), size);
}

inline void note_free(const void* block) noexcept {
    producer::record_free(TIDEMARK_DEVICE_HOST, TIDEMARK_POOL_SYSTEM_MEMORY,
                          reinterpret_cast<std::uintptr_t>(block));
}

inline void note_late_free(const void* block, std::uint64_t stamp_before) noexcept {
    producer::record_late_free(TIDEMARK_DEVICE_HOST, TIDEMARK_POOL_SYSTEM_MEMORY,
                               reinterpret_cast<std::uintptr_t>(block), stamp_before);
}

// The tracked half of each call stands apart, so that a program that is not tracked pays one branch and a jump.

// really: calls the next allocator, and returns the block or nullptr.
template <class Really>
[[gnu::noinline]] void* allocate_tracked(std::size_t size, const void* caller,
                                         Really really) noexcept {
    if (foreign.present()) [[unlikely]] {
        const ForeignCall call(caller);
        void* const block = really();
        if (is_real(block) && !call.nested()) note_allocation(block, size);
        return block;
    }
    void* const block = really();
    if (is_real(block)) [[likely]] {
        note_allocation(block, size);
    }
    return block;
}

template <class Really>
[[gnu::always_inline]] inline void* allocate(std::size_t size, const void* caller,
                                             Really really) noexcept {
    if (!producer::enabled()) return really();
    return allocate_tracked(size, caller, really);
}

[[gnu::noinline]] inline void release_tracked(void* block, const void* caller) noexcept {
    if (foreign.present()) [[unlikely]] {
        const ForeignCall call(caller);
        if (is_real(block) && !call.nested()) note_free(block);
        return next.free()(block);
    }
    if (is_real(block)) [[likely]] {
        note_free(block);
    }
    next.free()(block);
}

[[gnu::always_inline]] inline void release(void* block, const void* caller) noexcept {
    if (!producer::enabled()) return next.free()(block);
    release_tracked(block, caller);
}

// Some allocators free at size 0 and return nullptr, as glibc does; others return a block.
[[gnu::noinline, gnu::cold]] inline void* reallocate_to_nothing(void* block) noexcept {
    const int before = errno;
    errno = 0;
    const std::uint64_t stamp = producer::stamp();
    void* const moved = next.realloc()(block, 0);
    if (moved != nullptr || errno != ENOMEM) note_late_free(block, stamp);
    if (moved != nullptr) note_allocation(moved, 0);
    if (errno == 0) errno = before;
    return moved;
}

[[gnu::noinline]] inline void* reallocate_tracked(void* block, std::size_t size,
                                                  const void* caller) noexcept {
    if (!is_real(block)) {
        return allocate_tracked(size, caller, [=] { return next.realloc()(block, size); });
    }
    const ForeignCall call(caller);
    if (call.nested()) return next.realloc()(block, size);
    if (size == 0) return reallocate_to_nothing(block);
    const std::uint64_t stamp = producer::stamp();
    void* const moved = next.realloc()(block, size);
    if (moved != nullptr) {
        note_late_free(block, stamp);
        note_allocation(moved, size);
    }
    return moved;
}

[[gnu::always_inline]] inline void* reallocate(void* block, std::size_t size,
                                               const void* caller) noexcept {
    if (!producer::enabled()) return next.realloc()(block, size);
    return reallocate_tracked(block, size, caller);
}

}  // namespace tidemark::tracker
