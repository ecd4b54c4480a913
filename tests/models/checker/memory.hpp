// SPDX-License-Identifier: Apache-2.0
//
// The memory of a model: of each atomic location all messages in modification order; of each thread a view, the oldest
// message of each location that it may still read. Release puts the view into the message, acquire takes it out. It is
// the operational C++ memory model without promises: a load never answers what a later store of program order writes.
// Plain accesses are checked for races by vector clocks, which are part of the view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "models/checker/model.hpp"
#include "models/checker/order.hpp"

namespace tidemark::model {

inline constexpr int kThreads = 6;
inline constexpr int kLocations = 160;

struct View {
    std::uint16_t seen[kLocations] = {};  // number of a message
    std::uint16_t clock[kThreads] = {};
};

struct Message {
    std::uint64_t value;
    View view;           // what who acquires it gets
    std::uint64_t name;  // of the access that made it: the same in every execution
    bool is_update;      // of a read-modify-write: nothing comes between it and what it read
};

struct Location {
    std::uintptr_t address;
    unsigned bytes;
    std::vector<Message> messages;     // in the order in which they were made
    std::vector<std::uint16_t> order;  // of modification: numbers of messages
    std::vector<std::uint16_t> rank;   // of a message in it
    std::uint16_t floor = 0;           // rank below which plain stores have ended everything
    bool is_overwritten = false;       // by a plain store since
};

struct ThreadMemory {
    View now;       // may read nothing older
    View acquired;  // becomes `now` at an acquire fence
    View released;  // what relaxed stores carry: `now` at the last release fence
    std::uint32_t steps = 0;
    std::uint64_t history = 0;  // hash of all that it did and was answered
};

class Memory {
public:
    void reset(int threads);
    void share(void* memory, std::size_t bytes);
    bool is_shared(const void* memory) const;
    void share_in_halves(void* memory, std::size_t bytes);
    bool is_in_halves(const void* memory) const;

    std::uint64_t load(int thread, const void* address, unsigned bytes, Order order);
    void store(int thread, void* address, unsigned bytes, std::uint64_t value, Order order);
    // Reads one message and writes the next: `change` gives the new value, or says that there is none.
    template <class Change>
    std::uint64_t update(int thread, void* address, unsigned bytes, Order order, Order failure,
                         Change change);
    void fence(int thread, Order order);
    void plain_read(int thread, const void* address, std::size_t bytes);
    void plain_write(int thread, void* address, std::size_t bytes);
    // What atomic accesses find there is what the bytes hold now.
    void was_overwritten(const void* address, std::size_t bytes);

    // The newest value, by the kernel's eyes: everything that `thread` may know of others is known to it then.
    std::uint64_t newest(int thread, const void* address, unsigned bytes);
    // It will read nothing but the newest, though nothing is handed over: what a kernel's answer about another thread tells.
    void see_newest(int thread);
    void join(int into, int from);
    void note(int thread, std::uint64_t what);
    std::uint64_t step_name(int thread) const;
    std::uint64_t hash() const;
    const ThreadMemory& of(int thread) const { return threads_[thread]; }

private:
    // Of one byte: who accessed it, by the clocks.
    using Clocks = std::uint16_t[kThreads];
    struct Shadow {
        Clocks written = {}, read = {};  // plainly
        Clocks atomically_written = {}, atomically_read = {};
    };
    struct Region {
        std::uintptr_t begin;
        std::size_t bytes;
    };
    Location& location(int thread, const void* address, unsigned bytes);
    int index_of(const Location& l) const { return static_cast<int>(&l - locations_.data()); }
    void begin_step(int thread);
    void join_seen(View& into, const View& from) const;
    void join_views(View& into, const View& from) const;
    std::uint16_t oldest(int thread, const Location& l, Order order) const;
    std::uint16_t choose_message(int thread, Location& l, Order order);
    std::uint16_t choose_place(int thread, Location& l, Order order);
    void insert(int thread, Location& l, std::uint16_t place, std::uint64_t value, Order order,
                const Message* updated);
    void take(int thread, Location& l, std::uint16_t number, Order order);
    void check_atomic(int thread, const Location& l, bool writes);
    bool is_ordered(int thread, const Clocks& others) const;

    static bool is_in(const std::vector<Region>& regions, const void* memory);
    std::vector<Region> regions_, halves_;
    std::vector<Location> locations_;
    std::unordered_map<std::uintptr_t, int> index_;
    std::unordered_map<std::uintptr_t, Shadow> shadows_;  // by byte
    ThreadMemory threads_[kThreads];
    View fences_;                    // what the last sequentially consistent fence knew
    View total_;                     // the last sequentially consistent store to each location
    std::uint64_t fence_order_ = 0;  // hash of the order of both
    int thread_count_ = 0;
};

std::uint64_t mix(std::uint64_t a, std::uint64_t b);
// The library's own: memcpy of a model is an access like any other.
extern "C" void* __real_memcpy(void* to, const void* from, std::size_t bytes);
extern "C" void* __real_memmove(void* to, const void* from, std::size_t bytes);
extern "C" void* __real_memset(void* to, int value, std::size_t bytes);
// One of so many; unlike choose(), what comes of it must be noted by the caller.
unsigned pick(unsigned count);
// Ends the execution with a counter-example.
void race(const char* what, const void* address);

template <class Change>
std::uint64_t Memory::update(int thread, void* address, unsigned bytes, Order order, Order failure,
                             Change change) {
    begin_step(thread);
    Location& l = location(thread, address, bytes);
    check_atomic(thread, l, true);
    const std::uint16_t number = choose_message(thread, l, order);
    const Message read = l.messages[number];
    std::uint64_t next = 0;
    const bool writes = change(read.value, next);
    take(thread, l, number, writes ? order : failure);
    if (!writes) return read.value;
    const auto place = static_cast<std::uint16_t>(l.rank[number] + 1);
    if (place < l.order.size() && l.messages[l.order[place]].is_update) give_up();
    insert(thread, l, place, next, order, &read);
    return read.value;
}

}  // namespace tidemark::model
