// SPDX-License-Identifier: Apache-2.0
//
// Plain accesses: each must be ordered after whatever it conflicts with. A plain access that is not is undefined, so
// that is a counter-example whatever values were seen.

#include "models/checker/memory.hpp"

namespace tidemark::model {

void Memory::share(void* memory, std::size_t bytes) {
    __real_memset(memory, 0, bytes);
    regions_.push_back({reinterpret_cast<std::uintptr_t>(memory), bytes});
}

void Memory::share_in_halves(void* memory, std::size_t bytes) {
    halves_.push_back({reinterpret_cast<std::uintptr_t>(memory), bytes});
}

bool Memory::is_in(const std::vector<Region>& regions, const void* memory) {
    const auto address = reinterpret_cast<std::uintptr_t>(memory);
    for (const Region& region : regions)
        if (address - region.begin < region.bytes) return true;
    return false;
}

bool Memory::is_shared(const void* memory) const { return is_in(regions_, memory); }
bool Memory::is_in_halves(const void* memory) const { return is_in(halves_, memory); }

bool Memory::is_ordered(int thread, const Clocks& others) const {
    const View& now = threads_[thread].now;
    for (int i = 0; i < thread_count_; ++i)
        if (i != thread && others[i] > now.clock[i]) return false;
    return true;
}

void Memory::check_atomic(int thread, const Location& l, bool writes) {
    for (unsigned i = 0; i < l.bytes; ++i) {
        Shadow& s = shadows_[l.address + i];
        const auto* address = reinterpret_cast<const void*>(l.address);
        if (!is_ordered(thread, s.written))
            race("an atomic access is not ordered after a plain store", address);
        if (writes && !is_ordered(thread, s.read))
            race("an atomic store is not ordered after a plain load", address);
        auto& mine = writes ? s.atomically_written : s.atomically_read;
        mine[thread] = threads_[thread].now.clock[thread];
    }
}

void Memory::plain_read(int thread, const void* address, std::size_t bytes) {
    begin_step(thread);
    for (std::size_t i = 0; i < bytes; ++i) {
        Shadow& s = shadows_[reinterpret_cast<std::uintptr_t>(address) + i];
        if (!is_ordered(thread, s.written) || !is_ordered(thread, s.atomically_written))
            race("a plain load is not ordered after a store", address);
        s.read[thread] = threads_[thread].now.clock[thread];
    }
}

void Memory::plain_write(int thread, void* address, std::size_t bytes) {
    begin_step(thread);
    note(thread, reinterpret_cast<std::uintptr_t>(address));
    const auto begin = reinterpret_cast<std::uintptr_t>(address);
    for (std::size_t i = 0; i < bytes; ++i) {
        Shadow& s = shadows_[begin + i];
        if (!is_ordered(thread, s.written) || !is_ordered(thread, s.atomically_written))
            race("a plain store is not ordered after another store", address);
        if (!is_ordered(thread, s.read) || !is_ordered(thread, s.atomically_read))
            race("a plain store is not ordered after a load", address);
        s.written[thread] = threads_[thread].now.clock[thread];
    }
    was_overwritten(address, bytes);
}

void Memory::was_overwritten(const void* address, std::size_t bytes) {
    const auto begin = reinterpret_cast<std::uintptr_t>(address);
    for (Location& l : locations_)
        if (l.address < begin + bytes && begin < l.address + l.bytes) l.is_overwritten = true;
}

}  // namespace tidemark::model
