// SPDX-License-Identifier: Apache-2.0
//
// The C API: thin over the runtime, which is the malloc tracker's if that is loaded into the same process, else this
// library's own.
#include "tidemark/producer.h"

#include <dlfcn.h>

#include "producer/runtime.hpp"
#include "producer/runtime_table.hpp"

std::uint32_t tidemark_may_be_enabled = 1;

namespace {

using tidemark::producer::RuntimeTable;

constexpr RuntimeTable kOwn = tidemark::producer::make_runtime_table();

const RuntimeTable* resolved;  // atomic; nullptr until somebody asked

// The shared library finds the table that itself exports unless the tracker is there; that one is our own too.
bool is_anothers(const RuntimeTable* table) noexcept {
    return table != nullptr && table->version == 1 && table->size >= sizeof(RuntimeTable) &&
           table->enabled != kOwn.enabled;
}

// Usually in the constructor below. Several threads may come here; they find the same.
[[gnu::noinline, gnu::cold]] const RuntimeTable* resolve() noexcept {
    const auto* found =
        static_cast<const RuntimeTable*>(dlsym(RTLD_DEFAULT, tidemark::producer::kRuntimeSymbol));
    if (found == nullptr) (void)dlerror();  // so that the program doesn't find our question's error
    const RuntimeTable* table = is_anothers(found) ? found : &kOwn;
    if (table->enabled() == 0) __atomic_store_n(&tidemark_may_be_enabled, 0u, __ATOMIC_RELAXED);
    // Not ordered: either table is constant, and was there before anybody could call us.
    __atomic_store_n(&resolved, table, __ATOMIC_RELAXED);
    return table;
}

inline const RuntimeTable& runtime() noexcept {
    const RuntimeTable* table = __atomic_load_n(&resolved, __ATOMIC_RELAXED);
    return __builtin_expect(table != nullptr, 1) ? *table : *resolve();
}

// Expected, so that a disabled program pays no jump for it; an enabled one pays one.
inline bool is_off() noexcept {
    return __builtin_expect(__atomic_load_n(&tidemark_may_be_enabled, __ATOMIC_RELAXED) == 0, 1);
}

// Early, so that constructors of the program's own find it decided.
[[gnu::constructor(102)]] void loaded() noexcept {
    if (resolve() == &kOwn) tidemark::producer::start(tidemark::producer::StartMode::kConstructor);
}

}  // namespace

extern "C" {

int32_t tidemark_enabled(void) noexcept { return static_cast<int32_t>(runtime().enabled()); }

void tidemark_allocation(uint32_t device, uint32_t pool, uint64_t id, uint64_t size) noexcept {
    if (is_off()) return;
    runtime().allocation(device, pool, id, size, 0);
}

void tidemark_free(uint32_t device, uint32_t pool, uint64_t id) noexcept {
    if (is_off()) return;
    runtime().free(device, pool, id, tidemark::producer::kUnknownSize);
}

void tidemark_free_sized(uint32_t device, uint32_t pool, uint64_t id, uint64_t size) noexcept {
    if (is_off()) return;
    runtime().free(device, pool, id, size);
}

int32_t tidemark_name_pool(const char* name, uint32_t memory) noexcept {
    return runtime().name_pool(name, memory);
}

int32_t tidemark_declare_device(uint32_t device, const char* name) noexcept {
    return runtime().declare_device(device, name);
}

int32_t tidemark_declare_memory(uint32_t device, uint32_t memory, uint64_t capacity) noexcept {
    return runtime().declare_memory(device, memory, capacity);
}

int32_t tidemark_flush(uint32_t timeout_ms) noexcept { return runtime().flush(timeout_ms); }

int32_t tidemark_get_status(struct tidemark_status* status, uint64_t bytes) noexcept {
    return runtime().status(status, bytes);
}

}  // extern "C"
