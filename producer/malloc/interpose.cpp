// SPDX-License-Identifier: Apache-2.0
//
// The names that programs call: malloc and its family, before libc's by the loader's order. C++ new and delete come
// through them. malloc_usable_size and the like need no stand-in, since blocks are the next allocator's own.
#include <errno.h>

#include "producer/malloc/tracked.hpp"

// A test compiles these functions under other names, beside its own malloc.
#ifndef TIDEMARK_INTERPOSED
#define TIDEMARK_INTERPOSED(name) name
#endif
#define TIDEMARK_EXPORTED extern "C" __attribute__((visibility("default")))

namespace tracker = tidemark::tracker;
using tracker::next;

TIDEMARK_EXPORTED void* TIDEMARK_INTERPOSED(malloc)(std::size_t size) noexcept {
    return tracker::allocate(size, __builtin_return_address(0),
                             [=] { return next.malloc()(size); });
}

// The product can't have wrapped where the allocator succeeded.
TIDEMARK_EXPORTED void* TIDEMARK_INTERPOSED(calloc)(std::size_t count, std::size_t size) noexcept {
    return tracker::allocate(count * size, __builtin_return_address(0),
                             [=] { return next.calloc()(count, size); });
}

TIDEMARK_EXPORTED void TIDEMARK_INTERPOSED(free)(void* block) noexcept {
    tracker::release(block, __builtin_return_address(0));
}

TIDEMARK_EXPORTED void* TIDEMARK_INTERPOSED(realloc)(void* block, std::size_t size) noexcept {
    return tracker::reallocate(block, size, __builtin_return_address(0));
}

// libc's calls the program's realloc, which is the one above: the same without the detour.
TIDEMARK_EXPORTED void* TIDEMARK_INTERPOSED(reallocarray)(void* block, std::size_t count,
                                                          std::size_t size) noexcept {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return nullptr;
    }
    return tracker::reallocate(block, bytes, __builtin_return_address(0));
}

TIDEMARK_EXPORTED void* TIDEMARK_INTERPOSED(memalign)(std::size_t alignment,
                                                      std::size_t size) noexcept {
    return tracker::allocate(size, __builtin_return_address(0),
                             [=] { return next.memalign()(alignment, size); });
}

TIDEMARK_EXPORTED void* TIDEMARK_INTERPOSED(aligned_alloc)(std::size_t alignment,
                                                           std::size_t size) noexcept {
    return tracker::allocate(size, __builtin_return_address(0),
                             [=] { return next.aligned_alloc()(alignment, size); });
}

TIDEMARK_EXPORTED int TIDEMARK_INTERPOSED(posix_memalign)(void** block, std::size_t alignment,
                                                          std::size_t size) noexcept {
    int status = 0;
    tracker::allocate(size, __builtin_return_address(0), [&]() -> void* {
        status = next.posix_memalign()(block, alignment, size);
        return status == 0 ? *block : nullptr;
    });
    return status;
}

TIDEMARK_EXPORTED void* TIDEMARK_INTERPOSED(valloc)(std::size_t size) noexcept {
    return tracker::allocate(size, __builtin_return_address(0),
                             [=] { return next.valloc()(size); });
}

TIDEMARK_EXPORTED void* TIDEMARK_INTERPOSED(pvalloc)(std::size_t size) noexcept {
    return tracker::allocate(size, __builtin_return_address(0),
                             [=] { return next.pvalloc()(size); });
}
