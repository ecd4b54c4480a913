// SPDX-License-Identifier: Apache-2.0
#include "stand_in.hpp"

#include <malloc.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>

#include "producer/malloc/next.hpp"

namespace stand_in {

bool fails = false;
std::function<void(const char*, void*)> before;
std::function<void(const char*)> during_look_up;
const char* missing = nullptr;
bool is_foreign = false;
Call last_call{};

namespace {

thread_local int in_handlers = 0;
tidemark::tracker::BootstrapArena for_handlers;

template <class Really>
void* allocate(const char* name, void* block, Really really) {
    if (in_handlers > 0) return for_handlers.allocate(16);
    if (before) before(name, block);
    if (!fails) return really();
    errno = ENOMEM;
    return nullptr;
}

void* next_malloc(std::size_t size) {
    return allocate("malloc", nullptr, [=] { return malloc(size); });
}
void* next_calloc(std::size_t count, std::size_t size) {
    return allocate("calloc", nullptr, [=] { return calloc(count, size); });
}
// As glibc's at size 0: the block is freed, the answer is nullptr.
void* next_realloc(void* block, std::size_t size) {
    return allocate("realloc", block, [=]() -> void* {
        if (block == nullptr || size != 0) return realloc(block, size);
        free(block);
        return nullptr;
    });
}
void next_free(void* block) {
    if (for_handlers.owns(block)) return;
    if (before) before("free", block);
    free(block);
}
void* next_memalign(std::size_t alignment, std::size_t size) {
    return allocate("memalign", nullptr, [=] { return memalign(alignment, size); });
}
void* next_aligned_alloc(std::size_t alignment, std::size_t size) {
    return allocate("aligned_alloc", nullptr, [=] { return aligned_alloc(alignment, size); });
}
int next_posix_memalign(void** block, std::size_t alignment, std::size_t size) {
    if (before) before("posix_memalign", nullptr);
    return fails ? ENOMEM : posix_memalign(block, alignment, size);
}
void* next_valloc(std::size_t size) {
    return allocate("valloc", nullptr, [=] { return memalign(4096, size); });
}
void* next_pvalloc(std::size_t size) {
    return allocate("pvalloc", nullptr, [=] { return memalign(4096, (size + 4095) & ~4095ul); });
}

void take_arguments(va_list list, int count) {
    for (int i = 0; i < count; ++i)
        last_call.arguments[i] = va_arg(list, unsigned long);
}
int next_prctl(int option, ...) {
    va_list list;
    va_start(list, option);
    last_call.number = option;
    take_arguments(list, 4);
    va_end(list);
    errno = EACCES;
    return -1;
}
long next_syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    last_call.number = number;
    take_arguments(list, 6);
    va_end(list);
    errno = EBUSY;
    return -1;
}

}  // namespace

InHandler::InHandler() { ++in_handlers; }
InHandler::~InHandler() { --in_handlers; }

void forget() {
    using tidemark::tracker::first_calls;
    using tidemark::tracker::next;
#define TIDEMARK_X(name, ...) next.name##_ = first_calls.name();
    TIDEMARK_NEXT_FUNCTIONS(TIDEMARK_X)
#undef TIDEMARK_X
    tidemark::tracker::foreign.size = 0;
}

}  // namespace stand_in

namespace tidemark::tracker {

void* find_next(const char* name) noexcept {
    if (stand_in::during_look_up) stand_in::during_look_up(name);
    if (stand_in::missing != nullptr && std::strcmp(name, stand_in::missing) == 0) return nullptr;
#define TIDEMARK_X(candidate, ...)          \
    if (std::strcmp(name, #candidate) == 0) \
        return reinterpret_cast<void*>(stand_in::next_##candidate);
    TIDEMARK_NEXT_FUNCTIONS(TIDEMARK_X)
#undef TIDEMARK_X
    return nullptr;
}

CodeRange find_foreign_allocator(const void*) noexcept {
    return stand_in::is_foreign ? CodeRange{0, ~std::uintptr_t{0}} : CodeRange{0, 0};
}

}  // namespace tidemark::tracker
