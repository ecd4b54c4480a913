// SPDX-License-Identifier: Apache-2.0
//
// The tracker's functions under names of their own, so that a test has them beside its real malloc. Included before
// each of the tracker's sources, and by the tests.
#pragma once

#include <cstddef>

#define TIDEMARK_INTERPOSED(name) tracked_##name

extern "C" {
void* tracked_malloc(std::size_t size) noexcept;
void* tracked_calloc(std::size_t count, std::size_t size) noexcept;
void* tracked_realloc(void* block, std::size_t size) noexcept;
void* tracked_reallocarray(void* block, std::size_t count, std::size_t size) noexcept;
void tracked_free(void* block) noexcept;
void* tracked_memalign(std::size_t alignment, std::size_t size) noexcept;
void* tracked_aligned_alloc(std::size_t alignment, std::size_t size) noexcept;
int tracked_posix_memalign(void** block, std::size_t alignment, std::size_t size) noexcept;
void* tracked_valloc(std::size_t size) noexcept;
void* tracked_pvalloc(std::size_t size) noexcept;
int tracked_prctl(int option, unsigned long a, unsigned long b, unsigned long c,
                  unsigned long d) noexcept;
long tracked_syscall(long number, ...) noexcept;
}
