// SPDX-License-Identifier: Apache-2.0
//
// What the compiler calls for each access of code compiled with -fsanitize=thread. Outside of an execution's threads,
// and for memory that the model does not share, it is the access that it stands for.
#include <cstddef>
#include <cstdint>

#include "models/checker/explorer.hpp"
#include "models/checker/held_store.hpp"
#include "models/checker/threads.hpp"

namespace {

using namespace tidemark::model;

bool is_modelled(const volatile void* address) {
    return is_running && memory.is_shared(const_cast<const void*>(address));
}

template <class T>
T* plain(volatile T* address) {
    return const_cast<T*>(address);
}

std::uint64_t load_word(const void* at, unsigned bytes, Order order) {
    if (bytes < 8 || !memory.is_in_halves(at)) return memory.load(self(), at, bytes, order);
    const std::uint64_t low = memory.load(self(), at, 4, order);
    return low | memory.load(self(), static_cast<const char*>(at) + 4, 4, order) << 32;
}

void store_word(void* at, unsigned bytes, std::uint64_t value, Order order) {
    if (bytes < 8 || !memory.is_in_halves(at)) return memory.store(self(), at, bytes, value, order);
    memory.store(self(), at, 4, value & 0xFFFFFFFFu, order);
    memory.store(self(), static_cast<char*>(at) + 4, 4, value >> 32, order);
}

template <class T>
T load(const volatile T* address, int order, std::uintptr_t site) {
    if (!is_modelled(address)) return __atomic_load_n(address, __ATOMIC_SEQ_CST);
    auto* at = plain(const_cast<volatile T*>(address));
    held_store::before_load(at, sizeof(T));
    before_access();
    const Order asked = explorer->at_site(site, order_of(order));
    const auto value = static_cast<T>(load_word(at, sizeof(T), asked));
    tell_access(asked.acquires ? "acquires" : "loads", at, value);
    held_store::after_load();
    return value;
}

template <class T>
void store(volatile T* address, T value, int order, std::uintptr_t site) {
    if (!is_modelled(address)) return __atomic_store_n(address, value, __ATOMIC_SEQ_CST);
    const Order asked = explorer->at_site(site, order_of(order));
    held_store::before_store(plain(address), sizeof(T), asked);
    before_access();
    will_store(plain(address), sizeof(T));
    if (held_store::hold(plain(address), sizeof(T), value, asked)) return;
    store_word(plain(address), sizeof(T), value, asked);
    tell_access(asked.releases ? "releases" : "stores", plain(address), value);
}

template <class T, class Change>
T update(volatile T* address, int order, std::uintptr_t site, Change change) {
    release_held_store();
    before_access();
    const Order asked = explorer->at_site(site, order_of(order));
    const auto was = static_cast<T>(memory.update(self(), plain(address), sizeof(T), asked, asked,
                                                  [&](std::uint64_t old, std::uint64_t& next) {
                                                      next = change(static_cast<T>(old));
                                                      return true;
                                                  }));
    tell_access("changes", plain(address), was);
    return was;
}

template <class T>
bool exchange_if(volatile T* address, T* expected, T desired, int order, int failure,
                 std::uintptr_t site) {
    if (!is_modelled(address))
        return __atomic_compare_exchange_n(address, expected, desired, false, __ATOMIC_SEQ_CST,
                                           __ATOMIC_SEQ_CST);
    release_held_store();
    before_access();
    const Order asked = explorer->at_site(site, order_of(order));
    const Order failed = explorer->at_site(site, order_of(failure), true);
    const T wanted = *expected;
    const auto was = static_cast<T>(memory.update(self(), plain(address), sizeof(T), asked, failed,
                                                  [&](std::uint64_t old, std::uint64_t& next) {
                                                      next = desired;
                                                      return static_cast<T>(old) == wanted;
                                                  }));
    tell_access(was == wanted ? "changes" : "finds changed", plain(address), was);
    *expected = was;
    return was == wanted;
}

void read(const void* address, std::size_t bytes) {
    if (!is_modelled(address)) return;
    held_store::before_load(address, bytes);
    memory.plain_read(self(), address, bytes);
}

void write(void* address, std::size_t bytes) {
    if (!is_modelled(address)) return;
    held_store::before_store(address, bytes, {});
    before_plain_store(address, bytes);
    held_store::may_hold_plain(address, bytes);
    memory.plain_write(self(), address, bytes);
    tell_access("plainly stores", address, bytes);
}

}  // namespace

#define SITE reinterpret_cast<std::uintptr_t>(__builtin_return_address(0))
#define UPDATE(N, T, NAME, CHANGE)                                                            \
    T __tsan_atomic##N##_##NAME(volatile T* a, T v, int order) {                              \
        if (!is_modelled(a)) return __atomic_##NAME##_N(a, v);                                \
        return update<T>(a, order, SITE, [v](T old) -> T { return static_cast<T>(CHANGE); }); \
    }
#define __atomic_exchange_N(a, v) __atomic_exchange_n(a, v, __ATOMIC_SEQ_CST)
#define __atomic_fetch_add_N(a, v) __atomic_fetch_add(a, v, __ATOMIC_SEQ_CST)
#define __atomic_fetch_sub_N(a, v) __atomic_fetch_sub(a, v, __ATOMIC_SEQ_CST)
#define __atomic_fetch_or_N(a, v) __atomic_fetch_or(a, v, __ATOMIC_SEQ_CST)
#define __atomic_fetch_and_N(a, v) __atomic_fetch_and(a, v, __ATOMIC_SEQ_CST)
#define OF_SIZE(N, T)                                                                             \
    T __tsan_atomic##N##_load(const volatile T* a, int order) { return load<T>(a, order, SITE); } \
    void __tsan_atomic##N##_store(volatile T* a, T v, int order) { store<T>(a, v, order, SITE); } \
    UPDATE(N, T, exchange, (static_cast<void>(old), v))                                           \
    UPDATE(N, T, fetch_add, old + v)                                                              \
    UPDATE(N, T, fetch_sub, old - v)                                                              \
    UPDATE(N, T, fetch_or, old | v)                                                               \
    UPDATE(N, T, fetch_and, old& v)                                                               \
    int __tsan_atomic##N##_compare_exchange_strong(volatile T* a, T* e, T v, int s, int f) {      \
        return exchange_if<T>(a, e, v, s, f, SITE);                                               \
    }                                                                                             \
    int __tsan_atomic##N##_compare_exchange_weak(volatile T* a, T* e, T v, int s, int f) {        \
        return exchange_if<T>(a, e, v, s, f, SITE);                                               \
    }
#define PLAIN(N)                                             \
    void __tsan_read##N(void* a) { read(a, N); }             \
    void __tsan_write##N(void* a) { write(a, N); }           \
    void __tsan_unaligned_read##N(void* a) { read(a, N); }   \
    void __tsan_unaligned_write##N(void* a) { write(a, N); } \
    void __tsan_volatile_read##N(void* a) { read(a, N); }    \
    void __tsan_volatile_write##N(void* a) { write(a, N); }

extern "C" {
OF_SIZE(8, std::uint8_t)
OF_SIZE(16, std::uint16_t)
OF_SIZE(32, std::uint32_t)
OF_SIZE(64, std::uint64_t)
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)
void __tsan_read_range(void* a, std::size_t bytes) { read(a, bytes); }
void __tsan_write_range(void* a, std::size_t bytes) { write(a, bytes); }
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit(void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_vptr_update(void**, void*) {}

void __tsan_atomic_thread_fence(int order) {
    if (!is_running) return;
    release_held_store();
    before_access();
    memory.fence(self(), order_of(order));
}
void __tsan_atomic_signal_fence(int) {
    if (!is_running || !explorer->has(SITE, Part::kFence)) return;
    release_held_store();
    compiler_fence();
}

void* __wrap_memcpy(void* to, const void* from, std::size_t bytes) {
    read(from, bytes);
    write(to, bytes);
    return __real_memcpy(to, from, bytes);
}
void* __wrap_memmove(void* to, const void* from, std::size_t bytes) {
    read(from, bytes);
    write(to, bytes);
    return __real_memmove(to, from, bytes);
}
void* __wrap_memset(void* to, int value, std::size_t bytes) {
    write(to, bytes);
    return __real_memset(to, value, bytes);
}
}
