// SPDX-License-Identifier: Apache-2.0
//
// The older allocation server's messages: packed little-endian structs without magic, version or length, in five
// sizes. What a client sends as a Frame, and an answer as the bytes of the client's own version.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tidemark::collector::gateway {

// By the size of the struct, in the order in which they came into use. E carries CB and kernel events only.
enum class FrameVersion : std::uint8_t { kA, kB, kC, kD, kE };
inline constexpr std::size_t kFrameVersions = 5;
inline constexpr std::size_t kFrameSize[kFrameVersions] = {72, 112, 128, 144, 32};
inline constexpr std::size_t kLargestFrame = 144;
constexpr std::size_t size_of(FrameVersion version) noexcept {
    return kFrameSize[static_cast<std::size_t>(version)];
}
constexpr char letter_of(FrameVersion version) noexcept {
    return static_cast<char>('A' + static_cast<char>(version));
}

enum class FrameType : std::uint8_t {
    kAllocation = 1,
    kFree = 2,
    kQuery = 3,
    kResponse = 4,
    kDumpRemaining = 5,
    kDeviceInfoQuery = 6,
    kDeviceInfoResponse = 7,
    kCbAllocation = 8,
    kCbFree = 9,
    kKernelLoad = 10,
    kKernelUnload = 11,
    kDumpKernels = 12,
};
constexpr bool is_event(FrameType type) noexcept {
    return type == FrameType::kAllocation || type == FrameType::kFree ||
           (type >= FrameType::kCbAllocation && type <= FrameType::kKernelUnload);
}

struct Frame {
    FrameType type;
    std::int32_t device;
    std::uint64_t size;  // bytes; 0 where the client did not say
    std::uint8_t pool;   // tidemark_pool; meaningless but in allocations
    std::int32_t process;
    std::uint64_t id;
};

// What a device holds over all processes, bytes, by pool; and what it is.
struct DeviceFigures {
    std::uint64_t dram = 0, l1 = 0, l1_small = 0, trace = 0, cb = 0, kernel = 0;
    std::uint64_t system_memory = 0;
    std::uint64_t buffers = 0, allocations = 0, frees = 0;  // over all pools
    std::uint64_t total_dram = 0, total_l1 = 0;             // capacities; 0: unknown
    std::uint32_t arch = 0, dram_channels = 0;
    std::uint64_t dram_per_channel = 0;  // saturates in the 32 bits that the struct has
    std::uint64_t l1_per_core = 0;
    bool is_available = false;
    std::uint32_t devices = 0;
};

// True if the first bytes of a frame could be one of that version: a known type, zero padding. `bytes` may end within
// the frame; what is not there yet is not judged.
bool could_be(FrameVersion version, std::span<const std::byte> bytes) noexcept;

// `bytes` has at least size_of(version) bytes that could be a frame.
Frame decode(FrameVersion version, std::span<const std::byte> bytes) noexcept;

struct EncodedFrame {
    std::array<std::byte, kLargestFrame> bytes{};
    std::size_t size = 0;
};

// `type` is kResponse or kDeviceInfoResponse; the version is not kE, whose clients ask nothing.
EncodedFrame encode(FrameVersion version, FrameType type, std::int32_t device,
                    const DeviceFigures& figures) noexcept;

}  // namespace tidemark::collector::gateway
