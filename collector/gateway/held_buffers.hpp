// SPDX-License-Identifier: Apache-2.0
//
// What one socket client holds. Its buffer ids repeat (cached programs allocate the same id again, circular buffers are
// numbered from 0 in each program), so an id has a stack of instances; each instance has an id of its own in the ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

namespace tidemark::collector::gateway {

struct HeldBuffer {
    std::uint64_t size = 0;      // bytes
    std::uint64_t since_ns = 0;  // CLOCK_MONOTONIC
    std::uint64_t order = 0;     // among all that the client ever allocated
    std::uint32_t number = 0;    // of this instance of the id: 0 for the first
};

struct BufferKey {
    std::uint32_t device = 0;
    std::uint32_t pool = 0;
    std::uint64_t id = 0;
    bool operator==(const BufferKey&) const = default;
};

// The id under which an instance lies in the ring. The first keeps its own; the others carry their number in the upper
// 16 bits, which no address and no index of the older clients uses.
constexpr std::uint64_t ring_id(std::uint64_t id, std::uint32_t number) noexcept {
    return id ^ (std::uint64_t{number} << 48);
}

class HeldBuffers {
public:
    static constexpr std::uint32_t kMostInstances = 65536;  // of one id

    // Null if that id has too many instances.
    std::optional<HeldBuffer> allocate(const BufferKey& key, std::uint64_t size,
                                       std::uint64_t now_ns);

    struct Freed {
        BufferKey key;
        HeldBuffer buffer;
        // Several pools held the id, and of all instances whose number is 0, in any pool, this is the newest: a free that
        // names no pool finds it in the ring, and is counted there as ambiguous.
        bool is_newest_of_all = false;
    };
    // Takes the newest instance in the pools of `pool_mask`; of the stated size (not 0) if there is one of that size.
    std::optional<Freed> free(std::uint32_t device, std::uint32_t pool_mask, std::uint64_t id,
                              std::uint64_t size);

    std::size_t count() const noexcept { return count_; }
    // In the order of allocation.
    std::vector<Freed> all() const;
    // Removes all of a device; returns them.
    std::vector<Freed> take_device(std::uint32_t device);

private:
    struct Hash {
        std::size_t operator()(const BufferKey& key) const noexcept {
            const std::uint64_t mixed =
                (key.id ^ (std::uint64_t{key.device} << 52) ^ (std::uint64_t{key.pool} << 48)) *
                0x9E3779B97F4A7C15ull;
            return static_cast<std::size_t>(mixed ^ (mixed >> 32));
        }
    };
    // Oldest first; the numbers rise unless they have wrapped.
    struct Stack : std::vector<HeldBuffer> {
        bool has_wrapped = false;
    };

    static std::uint32_t free_number(Stack& stack);
    bool is_newest(std::uint32_t device, std::uint64_t id, std::uint64_t order) const;

    std::unordered_map<BufferKey, Stack, Hash> stacks_;
    std::uint64_t next_order_ = 0;
    std::size_t count_ = 0;
};

}  // namespace tidemark::collector::gateway
