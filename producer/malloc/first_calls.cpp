// SPDX-License-Identifier: Apache-2.0
//
// What each slot holds until the next function was found. The first call finds them all, then goes on. Calls that the
// loader makes meanwhile are served from the arena; from the first such block on, free and realloc look for its
// addresses.
#include <errno.h>

#include "producer/malloc/next.hpp"

namespace tidemark::tracker {

namespace {

void* from_arena(std::size_t size, std::size_t alignment = BootstrapArena::kAlignment) noexcept;

void* out_of_memory() noexcept {
    errno = ENOMEM;
    return nullptr;
}

// Calls a next function that may not exist.
template <class Function, class... Arguments>
void* call(Function function, Arguments... arguments) noexcept {
    return function != nullptr ? function(arguments...) : out_of_memory();
}

void* first_malloc(std::size_t size) {
    return resolve_next() ? call(found.malloc(), size) : from_arena(size);
}

void* first_calloc(std::size_t count, std::size_t size) {
    if (resolve_next()) return call(found.calloc(), count, size);
    std::size_t bytes = 0;
    return __builtin_mul_overflow(count, size, &bytes) ? out_of_memory() : from_arena(bytes);
}

void* first_memalign(std::size_t alignment, std::size_t size) {
    return resolve_next() ? call(found.memalign(), alignment, size) : from_arena(size, alignment);
}

void* first_aligned_alloc(std::size_t alignment, std::size_t size) {
    return resolve_next() ? call(found.aligned_alloc(), alignment, size)
                          : from_arena(size, alignment);
}

int first_posix_memalign(void** pointer, std::size_t alignment, std::size_t size) {
    if (!resolve_next()) {
        void* const block = arena.allocate(size, alignment);
        if (block == nullptr) return ENOMEM;
        *pointer = block;
        return 0;
    }
    const auto function = found.posix_memalign();
    return function != nullptr ? function(pointer, alignment, size) : ENOMEM;
}

void* first_valloc(std::size_t size) {
    return resolve_next() ? call(found.valloc(), size) : from_arena(size, 4096);
}

void* first_pvalloc(std::size_t size) {
    return resolve_next() ? call(found.pvalloc(), size)
                          : from_arena((size + 4095) & ~std::size_t{4095}, 4096);
}

// free and realloc while blocks of the arena may come back.
void guarded_free(void* pointer) {
    if (pointer == nullptr || arena.owns(pointer)) return;
    if (found.free() == nullptr) resolve_next();
    // While this thread resolves, a block that is not the arena's cannot be anybody's yet.
    if (const auto function = found.free()) function(pointer);
}

void* guarded_realloc(void* pointer, std::size_t size) {
    if (pointer == nullptr) return next.malloc()(size);
    if (!arena.owns(pointer)) {
        if (found.realloc() == nullptr) resolve_next();
        return call(found.realloc(), pointer, size);
    }
    void* const moved = next.malloc()(size);
    const std::size_t before = BootstrapArena::size_of(pointer);
    if (moved != nullptr) __builtin_memcpy(moved, pointer, before < size ? before : size);
    return moved;
}

void first_free(void* pointer) { guarded_free(pointer); }
void* first_realloc(void* pointer, std::size_t size) { return guarded_realloc(pointer, size); }

int first_prctl(int option, ...) {
    __builtin_va_list list;
    __builtin_va_start(list, option);
    unsigned long a[4];
    for (auto& value : a)
        value = __builtin_va_arg(list, unsigned long);
    __builtin_va_end(list);
    resolve_next();
    if (const auto function = found.prctl()) return function(option, a[0], a[1], a[2], a[3]);
    errno = ENOSYS;
    return -1;
}

long first_syscall(long number, ...) {
    __builtin_va_list list;
    __builtin_va_start(list, number);
    long a[6];
    for (auto& value : a)
        value = __builtin_va_arg(list, long);
    __builtin_va_end(list);
    resolve_next();
    if (const auto function = found.syscall()) {
        return function(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    }
    errno = ENOSYS;
    return -1;
}

void* from_arena(std::size_t size, std::size_t alignment) noexcept {
    next.free_.store(guarded_free, std::memory_order_relaxed);
    next.realloc_.store(guarded_realloc, std::memory_order_relaxed);
    void* const block = arena.allocate(size, alignment);
    return block != nullptr ? block : out_of_memory();
}

}  // namespace

#define TIDEMARK_FIRST_CALLS                                                                     \
    {                                                                                            \
        first_malloc, first_calloc, first_realloc, first_free, first_memalign,                   \
            first_aligned_alloc, first_posix_memalign, first_valloc, first_pvalloc, first_prctl, \
            first_syscall                                                                        \
    }
constinit const Next first_calls TIDEMARK_FIRST_CALLS;
constinit Next next TIDEMARK_FIRST_CALLS;

}  // namespace tidemark::tracker
