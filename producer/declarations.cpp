// SPDX-License-Identifier: Apache-2.0
//
// Names of pools and devices, capacities of memories. The program's declarations stay in private memory, which fork
// copies, and are written into each ring that the process or its children make.
#include <string.h>

#include "producer/process_state.hpp"
#include "producer/runtime.hpp"
#include "shm/kill_point.hpp"
#include "tidemark/producer.h"

namespace tidemark::producer {
namespace {

using shm::Declarations;
using shm::DeviceDeclaration;
using shm::PoolDeclaration;

// `ready` means used. Under Critical.
Declarations declared;

Declarations* shared() noexcept {
    ProcessState* state = current_state();
    if (state == nullptr) return nullptr;
    return reinterpret_cast<Declarations*>(state->ring.base + shm::kDeclarationsOffset);
}

std::int32_t refuse() noexcept {
    ++declared.refused;
    if (Declarations* ring = shared())
        TIDEMARK_SHARED_STORE("declare.refused",
                              __atomic_store_n(&ring->refused, declared.refused, __ATOMIC_RELAXED));
    return TIDEMARK_ERROR_FULL;
}

bool is_name(const char* name, std::size_t room) noexcept {
    return name != nullptr && *name != '\0' && strnlen(name, room) < room;
}

void publish_pool(PoolDeclaration& to, const PoolDeclaration& from) noexcept {
    TIDEMARK_SHARED_STORE("declare.pool", to.memory = from.memory;
                          memcpy(to.name, from.name, sizeof to.name));
    // SYNC(declare): release, so that who sees it ready sees all of it.
    TIDEMARK_SHARED_STORE("declare.pool_ready", __atomic_store_n(&to.ready, 1u, __ATOMIC_RELEASE));
}

// Also again, when something was added: words that were zero get their value, the name its first byte last. What a
// reader may have found already is not stored again.
void publish_device(DeviceDeclaration& to, const DeviceDeclaration& from) noexcept {
    const bool is_new = __atomic_load_n(&to.ready, __ATOMIC_RELAXED) == 0;
    if (is_new) TIDEMARK_SHARED_STORE("declare.device", to.device = from.device);
    for (int memory = 0; memory < TIDEMARK_MEMORY_COUNT; ++memory)
        TIDEMARK_SHARED_STORE(
            "declare.capacity",
            __atomic_store_n(&to.capacity[memory], from.capacity[memory], __ATOMIC_RELAXED));
    if (__atomic_load_n(&to.name[0], __ATOMIC_RELAXED) == 0 && from.name[0] != 0) {
        TIDEMARK_SHARED_STORE("declare.name",
                              memcpy(to.name + 1, from.name + 1, sizeof to.name - 1));
        // SYNC(declare): release, so that who sees a first byte sees the whole name.
        TIDEMARK_SHARED_STORE("declare.name_first",
                              __atomic_store_n(&to.name[0], from.name[0], __ATOMIC_RELEASE));
    }
    // SYNC(declare): release, so that who sees it ready sees which device it is, and what was known of it.
    if (is_new)
        TIDEMARK_SHARED_STORE("declare.device_ready",
                              __atomic_store_n(&to.ready, 1u, __ATOMIC_RELEASE));
}

std::int32_t find_pool(const char* name) noexcept {
    for (std::uint32_t i = 0; i < shm::kNamedPools; ++i)
        if (declared.pools[i].ready == 0 || strcmp(declared.pools[i].name, name) == 0)
            return static_cast<std::int32_t>(i);
    return -1;
}

// The device's entry, a new one if there is none; -1: no room.
std::int32_t find_device(std::uint32_t device) noexcept {
    for (std::uint32_t i = 0; i < shm::kDeclaredDevices; ++i) {
        DeviceDeclaration& entry = declared.devices[i];
        if (entry.ready != 0 && entry.device != device) continue;
        entry.ready = 1;
        entry.device = device;
        return static_cast<std::int32_t>(i);
    }
    return -1;
}

void publish_device(std::int32_t index) noexcept {
    if (Declarations* ring = shared())
        publish_device(ring->devices[index], declared.devices[index]);
}

}  // namespace

void write_declarations(std::byte* base) noexcept {
    auto& ring = *reinterpret_cast<Declarations*>(base + shm::kDeclarationsOffset);
    for (std::uint32_t i = 0; i < shm::kNamedPools; ++i)
        if (declared.pools[i].ready != 0) publish_pool(ring.pools[i], declared.pools[i]);
    for (std::uint32_t i = 0; i < shm::kDeclaredDevices; ++i)
        if (declared.devices[i].ready != 0) publish_device(ring.devices[i], declared.devices[i]);
    TIDEMARK_SHARED_STORE("create.refused", ring.refused = declared.refused);
}

std::int32_t name_pool(const char* name, std::uint32_t memory) noexcept {
    if (!is_name(name, sizeof declared.pools[0].name) || memory >= TIDEMARK_MEMORY_COUNT)
        return TIDEMARK_ERROR_ARGUMENT;
    if (sandbox() != Sandbox::kNone) return TIDEMARK_ERROR_BUSY;
    const Critical critical;
    if (!critical) return TIDEMARK_ERROR_BUSY;
    const std::int32_t index = find_pool(name);
    if (index < 0) return refuse();
    PoolDeclaration& pool = declared.pools[index];
    if (pool.ready != 0)
        return pool.memory == memory ? TIDEMARK_POOL_FIRST_NAMED + index : TIDEMARK_ERROR_CONFLICT;
    pool.ready = 1;
    pool.memory = memory;
    memcpy(pool.name, name, strlen(name) + 1);
    if (Declarations* ring = shared()) publish_pool(ring->pools[index], pool);
    return TIDEMARK_POOL_FIRST_NAMED + index;
}

std::int32_t declare_device(std::uint32_t device, const char* name) noexcept {
    if (!is_name(name, sizeof declared.devices[0].name) || device > TIDEMARK_DEVICE_HOST)
        return TIDEMARK_ERROR_ARGUMENT;
    if (sandbox() != Sandbox::kNone) return TIDEMARK_ERROR_BUSY;
    const Critical critical;
    if (!critical) return TIDEMARK_ERROR_BUSY;
    const std::int32_t index = find_device(device);
    if (index < 0) return refuse();
    DeviceDeclaration& entry = declared.devices[index];
    if (entry.name[0] != '\0')
        return strcmp(entry.name, name) == 0 ? TIDEMARK_OK : TIDEMARK_ERROR_CONFLICT;
    memcpy(entry.name, name, strlen(name) + 1);
    publish_device(index);
    return TIDEMARK_OK;
}

std::int32_t declare_memory(std::uint32_t device, std::uint32_t memory,
                            std::uint64_t capacity) noexcept {
    if (device > TIDEMARK_DEVICE_HOST || memory >= TIDEMARK_MEMORY_COUNT || capacity == 0)
        return TIDEMARK_ERROR_ARGUMENT;
    if (sandbox() != Sandbox::kNone) return TIDEMARK_ERROR_BUSY;
    const Critical critical;
    if (!critical) return TIDEMARK_ERROR_BUSY;
    const std::int32_t index = find_device(device);
    if (index < 0) return refuse();
    std::uint64_t& known = declared.devices[index].capacity[memory];
    if (known != 0) return known == capacity ? TIDEMARK_OK : TIDEMARK_ERROR_CONFLICT;
    known = capacity;
    publish_device(index);
    return TIDEMARK_OK;
}

}  // namespace tidemark::producer
