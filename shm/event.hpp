// SPDX-License-Identifier: Apache-2.0
//
// The event: one fixed-size record of a lane. Packing and unpacking, nothing else; what an event means to an
// account is the collector's business. Depends on no library, since the malloc tracker uses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace tidemark::shm {

enum class Operation : std::uint8_t {
    kNone = 0,  // never written: a record that reads as this is corrupt
    kAllocation = 1,
    kFree = 2,
    kLink =
        3,  // the lane goes on in another block: id = its offset in the object, size = its capacity
    kGap =
        4,  // what was lost before this record: stamp = first, id = allocations << 32 | frees, size = bytes
};

// Flags of an event, 8 bits.
inline constexpr std::uint8_t kFlagLate =
    1;  // published after success, stamped before: see shm/README.md
inline constexpr std::uint8_t kFlagSized = 2;  // a free that states the size it believes in

inline constexpr std::uint64_t kMaxEventSize = (std::uint64_t{1} << 48) - 1;

// 32 bytes, two to a cache line. Word 2 (`packed`): size 0-47, pool 48-51, operation 52-55, flags 56-63.
struct Event {
    std::uint64_t stamp;   // raw ticks of the segment's clock
    std::uint64_t id;      // an address, or any number unique while live
    std::uint64_t packed;  // see above
    std::uint32_t device;  // TIDEMARK_DEVICE_HOST or an accelerator's number
    std::uint32_t stack;   // call site; 0: none

    constexpr std::uint64_t size() const { return packed & kMaxEventSize; }
    constexpr std::uint32_t pool() const { return static_cast<std::uint32_t>(packed >> 48) & 15u; }
    constexpr Operation operation() const {
        return static_cast<Operation>(static_cast<std::uint8_t>((packed >> 52) & 15u));
    }
    constexpr std::uint8_t flags() const { return static_cast<std::uint8_t>(packed >> 56); }
};

// size is cut to 48 bits by the caller's check, never here.
constexpr std::uint64_t pack(Operation operation, std::uint32_t pool, std::uint64_t size,
                             std::uint8_t flags = 0) {
    return size | (std::uint64_t{pool} << 48) |
           (std::uint64_t{static_cast<std::uint8_t>(operation)} << 52) |
           (std::uint64_t{flags} << 56);
}

static_assert(sizeof(Event) == 32 && alignof(Event) == 8);
static_assert(std::is_trivially_copyable_v<Event> && std::is_standard_layout_v<Event>);
static_assert(offsetof(Event, packed) == 16 && offsetof(Event, device) == 24);

}  // namespace tidemark::shm
