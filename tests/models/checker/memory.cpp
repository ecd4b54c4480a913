// SPDX-License-Identifier: Apache-2.0
#include "models/checker/memory.hpp"

#include <algorithm>

namespace tidemark::model {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    std::uint64_t h =
        (a ^ (b + 0x9E3779B97F4A7C15ull + (a << 6) + (a >> 2))) * 0xD6E8FEB86659FD93ull;
    h ^= h >> 32;
    h *= 0x9E3779B97F4A7C15ull;
    return h ^ (h >> 29);
}

namespace {

std::uint64_t in_memory(const void* address, unsigned bytes) {
    std::uint64_t value = 0;
    __real_memcpy(&value, address, bytes);
    return value;
}

}  // namespace

void Memory::reset(int threads) {
    locations_.clear();
    locations_.reserve(kLocations);
    index_.clear();
    regions_.clear();
    halves_.clear();
    shadows_.clear();
    fences_ = total_ = View{};
    fence_order_ = 0;
    thread_count_ = threads;
    for (ThreadMemory& t : threads_)
        t = ThreadMemory{};
}

Location& Memory::location(int thread, const void* address, unsigned bytes) {
    const auto key = reinterpret_cast<std::uintptr_t>(address);
    const auto [found, is_new] = index_.try_emplace(key, static_cast<int>(locations_.size()));
    if (is_new) {
        require(locations_.size() < kLocations, "the checker has room for that many locations");
        locations_.push_back({key, bytes, {}, {}, {}, 0, false});
        Location& l = locations_.back();
        l.messages.push_back({in_memory(address, bytes), View{}, 0, false});
        l.order = l.rank = {0};
        return l;
    }
    Location& l = locations_[found->second];
    require(l.bytes == bytes, "atomic accesses of one size at one place");
    if (l.is_overwritten) {
        l.is_overwritten = false;
        const auto end = static_cast<std::uint16_t>(l.order.size());
        insert(thread, l, end, in_memory(address, bytes), Order{}, nullptr);
        l.floor = end;
        l.messages.back().view = View{};
        l.messages.back().view.seen[index_of(l)] = end;
    }
    return l;
}

void Memory::begin_step(int thread) {
    ThreadMemory& t = threads_[thread];
    ++t.steps;
    ++t.now.clock[thread];
}

std::uint64_t Memory::step_name(int thread) const {
    return static_cast<std::uint64_t>(thread + 1) << 32 | threads_[thread].steps;
}

void Memory::note(int thread, std::uint64_t what) {
    threads_[thread].history = mix(threads_[thread].history, what);
}

void Memory::join_seen(View& into, const View& from) const {
    for (std::size_t i = 0; i < locations_.size(); ++i) {
        const auto& rank = locations_[i].rank;
        if (rank[into.seen[i]] < rank[from.seen[i]]) into.seen[i] = from.seen[i];
    }
}

void Memory::join_views(View& into, const View& from) const {
    join_seen(into, from);
    for (int i = 0; i < thread_count_; ++i)
        if (into.clock[i] < from.clock[i]) into.clock[i] = from.clock[i];
}

void Memory::join(int into, int from) { join_views(threads_[into].now, threads_[from].now); }

// Rank of the oldest message that the thread may still find: a sequentially consistent access finds nothing older than
// the last such store.
std::uint16_t Memory::oldest(int thread, const Location& l, Order order) const {
    const int i = index_of(l);
    std::uint16_t rank = std::max(l.rank[threads_[thread].now.seen[i]], l.floor);
    if (order.is_total) rank = std::max(rank, l.rank[total_.seen[i]]);
    return rank;
}

std::uint16_t Memory::choose_message(int thread, Location& l, Order order) {
    // The newest first: what is usual is tried first.
    const auto end = static_cast<unsigned>(l.order.size());
    return l.order[end - 1 - pick(end - oldest(thread, l, order))];
}

std::uint16_t Memory::choose_place(int thread, Location& l, Order order) {
    const auto end = static_cast<std::uint16_t>(l.order.size());
    const auto place = static_cast<std::uint16_t>(end - pick(end - oldest(thread, l, order)));
    if (place < end && l.messages[l.order[place]].is_update) give_up();
    return place;
}

void Memory::take(int thread, Location& l, std::uint16_t number, Order order) {
    ThreadMemory& t = threads_[thread];
    note(thread, mix(l.address, l.messages[number].name));
    const View view = l.messages[number].view;
    t.now.seen[index_of(l)] = number;
    join_views(t.acquired, view);
    if (order.acquires) join_views(t.now, view);
}

void Memory::insert(int thread, Location& l, std::uint16_t place, std::uint64_t value, Order order,
                    const Message* updated) {
    ThreadMemory& t = threads_[thread];
    const auto number = static_cast<std::uint16_t>(l.messages.size());
    l.order.insert(l.order.begin() + place, number);
    l.rank.push_back(0);
    for (std::size_t i = place; i < l.order.size(); ++i)
        l.rank[l.order[i]] = static_cast<std::uint16_t>(i);
    l.messages.push_back({value, View{}, step_name(thread), updated != nullptr});
    t.now.seen[index_of(l)] = number;
    View& view = l.messages.back().view;
    view = order.releases ? t.now : t.released;
    view.seen[index_of(l)] = number;
    if (updated != nullptr) {
        join_views(view, updated->view);
        view.seen[index_of(l)] = number;
    }
    if (order.is_total) {
        total_.seen[index_of(l)] = number;
        fence_order_ = mix(fence_order_, step_name(thread));
    }
    if (place + 1u == l.order.size())
        __real_memcpy(reinterpret_cast<void*>(l.address), &value, l.bytes);
}

std::uint64_t Memory::load(int thread, const void* address, unsigned bytes, Order order) {
    begin_step(thread);
    Location& l = location(thread, address, bytes);
    check_atomic(thread, l, false);
    const std::uint16_t number = choose_message(thread, l, order);
    take(thread, l, number, order);
    return l.messages[number].value;
}

void Memory::store(int thread, void* address, unsigned bytes, std::uint64_t value, Order order) {
    begin_step(thread);
    Location& l = location(thread, address, bytes);
    check_atomic(thread, l, true);
    note(thread, l.address);
    insert(thread, l, choose_place(thread, l, order), value, order, nullptr);
}

void Memory::fence(int thread, Order order) {
    begin_step(thread);
    ThreadMemory& t = threads_[thread];
    if (order.acquires) join_views(t.now, t.acquired);
    if (order.is_total) {
        // What was seen, not what happened before: two fences alone order no plain accesses.
        join_seen(t.now, fences_);
        fences_ = t.now;
        fence_order_ = mix(fence_order_, step_name(thread));
    }
    if (order.releases) t.released = t.now;
}

std::uint64_t Memory::newest(int thread, const void* address, unsigned bytes) {
    Location& l = location(thread, address, bytes);
    const std::uint16_t number = l.order.back();
    note(thread, mix(l.address, l.messages[number].name));
    threads_[thread].now.seen[index_of(l)] = number;
    return l.messages[number].value;
}

void Memory::see_newest(int thread) {
    for (std::size_t i = 0; i < locations_.size(); ++i)
        threads_[thread].now.seen[i] = locations_[i].order.back();
    note(thread, hash());
}

std::uint64_t Memory::hash() const {
    std::uint64_t all = fence_order_;
    for (int i = 0; i < thread_count_; ++i)
        all = mix(all, mix(threads_[i].history, threads_[i].steps));
    std::uint64_t places = 0;
    for (const Location& l : locations_) {
        std::uint64_t h = l.address;
        for (const std::uint16_t number : l.order)
            h = mix(h, l.messages[number].name);
        // A location that was only read is as if never looked at.
        if (l.order.size() > 1) places += h;
    }
    return mix(all, places);
}

}  // namespace tidemark::model
