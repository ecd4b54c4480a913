// SPDX-License-Identifier: Apache-2.0
//
// Compiled only with TIDEMARK_TRACY; needs a Tracy client's tracy/TracyC.h. Tracy tells pools apart by the address of
// their name, so each pool has one name for ever, in kNames.
#ifndef TIDEMARK_TRACY
#define TIDEMARK_TRACY 1
#endif
#include "producer/monitor/tracy.hpp"

#include <stdlib.h>
#include <string.h>

#include <tracy/TracyC.h>
#include <array>

#include "tidemark/monitor.hpp"

namespace tidemark::monitor {
namespace {

constexpr int kStackDepth = 32;

struct Name {
    char text[24];
};

constexpr const char* kPoolWords[Monitor::kPools] = {"DRAM",  "L1", "SYS_MEM", "L1_SMALL",
                                                     "TRACE", "CB", "KERNEL"};

constexpr Name make_name(std::uint32_t device, const char* pool) {
    Name name{{'T', 'T', '_', 'D', 'e', 'v'}};
    std::size_t at = 6;
    if (device >= 10) name.text[at++] = static_cast<char>('0' + device / 10);
    name.text[at++] = static_cast<char>('0' + device % 10);
    name.text[at++] = '_';
    for (; *pool != '\0'; ++pool)
        name.text[at++] = *pool;
    return name;
}

constexpr auto make_names() {
    std::array<std::array<Name, Monitor::kPools>, Monitor::kMaxDevices> names{};
    for (std::uint32_t device = 0; device < Monitor::kMaxDevices; ++device)
        for (std::uint32_t pool = 0; pool < Monitor::kPools; ++pool)
            names[device][pool] = make_name(device, kPoolWords[pool]);
    return names;
}

constexpr auto kNames = make_names();

const char* name_of(std::uint32_t device, std::uint32_t pool) noexcept {
    return kNames[device][pool].text;
}

bool read_wants_stacks() noexcept {
    const char* tt = getenv("TT_ALLOC_STACK_TRACE");
    if (tt != nullptr && strcmp(tt, "1") == 0) return true;
    const char* depth = getenv("TIDEMARK_STACKS");
    return depth != nullptr && atoi(depth) > 0;
}

bool wants_stacks() noexcept {
    static const bool wants = read_wants_stacks();
    return wants;
}

const void* pointer_of(std::uint64_t id) noexcept {
    return reinterpret_cast<const void*>(static_cast<std::uintptr_t>(id));
}

}  // namespace

// Tracy takes a null pointer for nothing, and a free of it for an error: id 0 is not sent.
void tracy_allocation(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                      std::uint64_t size) noexcept {
    if (id == 0) return;
    const char* name = name_of(device, pool);
    if (wants_stacks())
        TracyCAllocNS(pointer_of(id), size, kStackDepth, name);
    else
        TracyCAllocN(pointer_of(id), size, name);
}

void tracy_free(std::uint32_t device, std::uint32_t pool, std::uint64_t id) noexcept {
    if (id == 0) return;
    const char* name = name_of(device, pool);
    if (wants_stacks())
        TracyCFreeNS(pointer_of(id), kStackDepth, name);
    else
        TracyCFreeN(pointer_of(id), name);
}

}  // namespace tidemark::monitor
