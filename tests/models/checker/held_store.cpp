// SPDX-License-Identifier: Apache-2.0
#include "models/checker/held_store.hpp"

#include "models/checker/explorer.hpp"
#include "models/checker/threads.hpp"

namespace tidemark::model {
namespace {

enum class Kind { kNone, kAtomic, kPlainToCome, kPlain };

struct Held {
    Kind kind = Kind::kNone;
    bool was_held =
        false;  // one a thread: a single store out of place is enough for a counter-example
    std::byte* address = nullptr;
    unsigned bytes = 0;
    std::uint64_t value = 0;  // of a plain one that is to come: what was there before
    Order order;
};
Held held[kThreads];

std::uint64_t in_memory(const void* address, unsigned bytes) {
    std::uint64_t value = 0;
    __real_memcpy(&value, address, bytes);
    return value;
}

void put(const Held& h, std::uint64_t value) {
    __real_memcpy(h.address, &value, h.bytes);
    memory.was_overwritten(h.address, h.bytes);
}

bool is_free_to_hold() {
    const Held& h = held[self()];
    return explorer->may_hold_stores() && !is_in_handler() && h.kind == Kind::kNone && !h.was_held;
}

bool overlaps(const Held& h, const void* address, std::size_t bytes) {
    const auto* begin = static_cast<const std::byte*>(address);
    return begin < h.address + h.bytes && h.address < begin + bytes;
}

}  // namespace

void held_store::settle() {
    Held& h = held[self()];
    if (h.kind != Kind::kPlainToCome || is_in_handler()) return;
    const std::uint64_t stored = in_memory(h.address, h.bytes);
    put(h, h.value);
    h.value = stored;
    h.kind = Kind::kPlain;
    tell_access("holds back", h.address, h.value);
}

void held_store::before_load(const void* address, std::size_t bytes) {
    settle();
    if (overlaps(held[self()], address, bytes)) release_held_store();
}

void held_store::after_load() {
    const Held& h = held[self()];
    if (h.kind != Kind::kNone && !is_in_handler() && choose(2) == 0) release_held_store();
}

void held_store::before_store(const void* address, std::size_t bytes, Order order) {
    settle();
    const Held& h = held[self()];
    if (h.kind == Kind::kNone || is_in_handler()) return;
    if (order.releases || overlaps(h, address, bytes) || choose(2) == 0) release_held_store();
}

bool held_store::hold(void* address, unsigned bytes, std::uint64_t value, Order order) {
    if (!is_free_to_hold() || choose(2) == 0) return false;
    held[self()] = {Kind::kAtomic, true, static_cast<std::byte*>(address), bytes, value, order};
    return true;
}

void held_store::may_hold_plain(void* address, std::size_t bytes) {
    if (bytes > 8 || !is_free_to_hold() || choose(2) == 0) return;
    const auto size = static_cast<unsigned>(bytes);
    held[self()] = {Kind::kPlainToCome,       true, static_cast<std::byte*>(address), size,
                    in_memory(address, size), {}};
}

void release_held_store() {
    held_store::settle();
    Held& h = held[self()];
    if (h.kind == Kind::kNone || is_in_handler()) return;
    const Kind kind = h.kind;
    h.kind = Kind::kNone;
    before_access();
    if (kind == Kind::kAtomic)
        memory.store(self(), h.address, h.bytes, h.value, h.order);
    else
        put(h, h.value);
    tell_access("stores at last", h.address, h.value);
}

void forget_held_stores() {
    for (Held& h : held)
        h = {};
}

}  // namespace tidemark::model
