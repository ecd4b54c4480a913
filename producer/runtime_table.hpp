// SPDX-License-Identifier: Apache-2.0
//
// One runtime per process: the table through which a producer library uses the process state of the malloc tracker,
// if that is loaded. The tracker exports it as `tidemark_runtime_v1`; the name changes when the meaning of an entry
// does, `size` grows when entries are added at the end. Both sides may come from different builds.
#pragma once

#include <cstdint>

#include "producer/runtime.hpp"

namespace tidemark::producer {

inline constexpr char kRuntimeSymbol[] = "tidemark_runtime_v1";

struct RuntimeTable {
    std::uint32_t size;     // bytes of this struct as its provider knows it
    std::uint32_t version;  // 1
    // Entries mean what the function of the same name in runtime.hpp or declarations.hpp means.
    std::uint32_t (*enabled)() noexcept;
    void (*allocation)(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                       std::uint64_t size, std::uint32_t stack) noexcept;
    void (*free)(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                 std::uint64_t size) noexcept;
    std::uint64_t (*stamp)() noexcept;
    void (*late_free)(std::uint32_t device, std::uint32_t pool, std::uint64_t id,
                      std::uint64_t stamp_before, std::uint64_t size) noexcept;
    std::int32_t (*name_pool)(const char* name, std::uint32_t memory) noexcept;
    std::int32_t (*declare_device)(std::uint32_t device, const char* name) noexcept;
    std::int32_t (*declare_memory)(std::uint32_t device, std::uint32_t memory,
                                   std::uint64_t capacity) noexcept;
    std::int32_t (*flush)(std::uint32_t timeout_ms) noexcept;
    // Fills at most `bytes` of a struct tidemark_status.
    std::int32_t (*status)(void* status, std::uint64_t bytes) noexcept;
};

// The core's own functions; constant, so usable before any constructor.
constexpr RuntimeTable make_runtime_table() noexcept {
    return {sizeof(RuntimeTable),
            1,
            &tracking,
            &record_allocation,
            &record_free,
            &stamp,
            &record_late_free,
            &name_pool,
            &declare_device,
            &declare_memory,
            &flush,
            &status};
}

}  // namespace tidemark::producer

// A library exports its table with this, at namespace scope of one of its sources. The table is constant, so that
// another library may use it before any constructor ran.
#define TIDEMARK_EXPORT_RUNTIME                                              \
    extern "C" __attribute__((visibility("default")))                        \
    const ::tidemark::producer::RuntimeTable tidemark_runtime_v1;            \
    constinit const ::tidemark::producer::RuntimeTable tidemark_runtime_v1 = \
        ::tidemark::producer::make_runtime_table()
