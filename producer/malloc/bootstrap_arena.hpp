// SPDX-License-Identifier: Apache-2.0
//
// A small static store for allocations that the dynamic loader makes while the tracker asks it for the next malloc:
// there is nothing else to serve them from. Its blocks are never given back and never recorded; the program did not
// ask for them. Any thread at any time; takes no lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tidemark::tracker {

class BootstrapArena {
public:
    static constexpr std::size_t kCapacity = std::size_t{64} << 10;  // untouched pages cost nothing
    static constexpr std::size_t kAlignment = 16;                    // what malloc promises

    // Zeroed memory, or nullptr if the store is spent. alignment: a power of two.
    void* allocate(std::size_t size, std::size_t alignment = kAlignment) noexcept {
        if (size > kCapacity || alignment > kCapacity) return nullptr;
        if (alignment < kAlignment) alignment = kAlignment;
        // The block lies at an aligned address behind kAlignment bytes that hold its size.
        const std::size_t room = (size + 2 * alignment + kAlignment - 1) & ~(kAlignment - 1);
        const std::size_t at = used_.fetch_add(room, std::memory_order_relaxed);
        if (at > kCapacity || room > kCapacity - at) return nullptr;
        const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(bytes_) + at + kAlignment;
        const std::uintptr_t block = (first + alignment - 1) & ~(std::uintptr_t{alignment} - 1);
        *reinterpret_cast<std::size_t*>(block - kAlignment) = size;
        return reinterpret_cast<void*>(block);
    }

    bool owns(const void* pointer) const noexcept {
        return reinterpret_cast<std::uintptr_t>(pointer) -
                   reinterpret_cast<std::uintptr_t>(bytes_) <
               kCapacity;
    }

    // As asked for. Only of a block that the arena owns.
    static std::size_t size_of(const void* block) noexcept {
        return *reinterpret_cast<const std::size_t*>(reinterpret_cast<std::uintptr_t>(block) -
                                                     kAlignment);
    }

private:
    alignas(4096) unsigned char bytes_[kCapacity] = {};
    std::atomic<std::size_t> used_{0};
};

}  // namespace tidemark::tracker
