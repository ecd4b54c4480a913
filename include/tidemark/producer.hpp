// SPDX-License-Identifier: Apache-2.0
//
// The producer API for C++17 and later: producer.h with types. Header only, over the same functions; what they
// promise (any thread, any time, never throws) and what the arguments mean stands there.
//
//     tidemark::Buffer buffer(0, tidemark::Pool::kDram, address, bytes);   // an allocation now, a free at its end
#pragma once

#include <cstdint>
#include <utility>

#include "tidemark/pools.hpp"
#include "tidemark/producer.h"

namespace tidemark {

enum class Memory : std::uint32_t {
    kDram = TIDEMARK_MEMORY_DRAM,
    kL1 = TIDEMARK_MEMORY_L1,
    kHost = TIDEMARK_MEMORY_HOST,
};

enum class Flush : std::int32_t {
    kPublished = TIDEMARK_FLUSH_PUBLISHED,
    kNoCollector = TIDEMARK_FLUSH_NO_COLLECTOR,
    kTimedOut = TIDEMARK_FLUSH_TIMED_OUT,
};

inline bool enabled() noexcept { return ::tidemark_enabled() != 0; }

namespace detail {
// Without a call and, since it is what compilers are told to expect, without a jump: all that a disabled program pays.
inline bool is_off() noexcept {
    return __builtin_expect(__atomic_load_n(&::tidemark_may_be_enabled, __ATOMIC_RELAXED) == 0, 1);
}
}  // namespace detail

inline void allocation(std::uint32_t device, Pool pool, std::uint64_t id,
                       std::uint64_t size) noexcept {
    if (detail::is_off()) return;
    ::tidemark_allocation(device, static_cast<std::uint32_t>(pool), id, size);
}
inline void free(std::uint32_t device, Pool pool, std::uint64_t id) noexcept {
    if (detail::is_off()) return;
    ::tidemark_free(device, static_cast<std::uint32_t>(pool), id);
}
inline void free(std::uint32_t device, Pool pool, std::uint64_t id, std::uint64_t size) noexcept {
    if (detail::is_off()) return;
    ::tidemark_free_sized(device, static_cast<std::uint32_t>(pool), id, size);
}

// True and the pool in `pool`, or false: then `pool` is as it was.
inline bool name_pool(const char* name, Memory memory, Pool& pool) noexcept {
    const std::int32_t number = ::tidemark_name_pool(name, static_cast<std::uint32_t>(memory));
    if (number < 0) return false;
    pool = static_cast<Pool>(number);
    return true;
}
inline tidemark_result declare_device(std::uint32_t device, const char* name) noexcept {
    return static_cast<tidemark_result>(::tidemark_declare_device(device, name));
}
inline tidemark_result declare_memory(std::uint32_t device, Memory memory,
                                      std::uint64_t capacity) noexcept {
    return static_cast<tidemark_result>(
        ::tidemark_declare_memory(device, static_cast<std::uint32_t>(memory), capacity));
}

inline Flush flush(std::uint32_t timeout_ms) noexcept {
    return static_cast<Flush>(::tidemark_flush(timeout_ms));
}

inline ::tidemark_status status() noexcept {
    ::tidemark_status status{};
    ::tidemark_get_status(&status, sizeof status);
    return status;
}

// Tells of a buffer for as long as it lives; owns no memory. Move only. Construct it after the memory was allocated,
// destroy it (or reset()) before the memory is given back. Not for use by two threads at once.
class Buffer {
public:
    Buffer() noexcept = default;
    Buffer(std::uint32_t device, Pool pool, std::uint64_t id, std::uint64_t size) noexcept
        : device_(device), pool_(pool), id_(id), size_(size), told_(true) {
        allocation(device, pool, id, size);
    }
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        Buffer(std::move(other)).swap(*this);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { reset(); }

    void reset() noexcept {
        if (std::exchange(told_, false)) free(device_, pool_, id_, size_);
    }
    void swap(Buffer& other) noexcept {
        std::swap(device_, other.device_);
        std::swap(pool_, other.pool_);
        std::swap(id_, other.id_);
        std::swap(size_, other.size_);
        std::swap(told_, other.told_);
    }

private:
    std::uint32_t device_ = 0;
    Pool pool_ = Pool::kDram;
    std::uint64_t id_ = 0;
    std::uint64_t size_ = 0;
    bool told_ = false;
};

}  // namespace tidemark
