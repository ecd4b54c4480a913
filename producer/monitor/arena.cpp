// SPDX-License-Identifier: Apache-2.0
#include "producer/monitor/arena.hpp"

#include <string.h>
#include <sys/mman.h>

#include "shm/raw_syscall.hpp"

namespace tidemark::monitor {
namespace {

constexpr std::size_t kLargePage = 2 << 20;
constexpr std::size_t kLargestSmallPage = 64 << 10;  // of any processor's

constexpr std::size_t table_bytes(unsigned generation) noexcept {
    return Arena::slots_of(generation) * sizeof(Entry);
}

}  // namespace

Arena::Map Arena::make(unsigned generation) noexcept {
    const std::size_t bytes = kShards * table_bytes(generation);
    const bool is_large = bytes >= 8 * kLargePage;
    const std::size_t size = bytes + (is_large ? kLargePage : 0);
    const shm::Word got =
        shm::raw_syscall(SYS_mmap, 0, static_cast<long>(size), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (shm::failed(got)) return {};
    auto at = static_cast<std::uintptr_t>(got);
    if (is_large) {
        at = (at + kLargePage - 1) & ~(std::uintptr_t{kLargePage} - 1);
        // A random place costs a walk through the page tables besides, which is longer in a virtual machine.
        shm::raw_syscall(SYS_madvise, static_cast<long>(at), static_cast<long>(bytes),
                         MADV_HUGEPAGE);
    }
    return {reinterpret_cast<void*>(got), size, reinterpret_cast<std::byte*>(at)};
}

Entry* Arena::table(unsigned shard, unsigned generation) noexcept {
    if (generation >= kGenerations) return nullptr;
    lock_.lock();
    Map& map = maps_[generation];
    if (map.base == nullptr) map = make(generation);
    std::byte* const tables = map.tables;
    lock_.unlock();
    if (tables == nullptr) return nullptr;
    return reinterpret_cast<Entry*>(tables + shard * table_bytes(generation));
}

void Arena::release(Entry* table, unsigned generation) noexcept {
    const std::size_t bytes = table_bytes(generation);
    // A small one is not a whole number of pages, and its neighbours lie beside it.
    if (bytes % kLargestSmallPage == 0 &&
        !shm::failed(shm::raw_syscall(SYS_madvise, shm::word(table), static_cast<long>(bytes),
                                      MADV_DONTNEED)))
        return;
    memset(table, 0, bytes);  // also where the program locked its memory
}

void Arena::unmap() noexcept {
    for (Map& map : maps_) {
        if (map.base != nullptr)
            shm::raw_syscall(SYS_munmap, shm::word(map.base), static_cast<long>(map.size));
        map = {};
    }
}

}  // namespace tidemark::monitor
