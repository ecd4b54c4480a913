// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/frame.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace tidemark::collector::gateway {
namespace {

static_assert(std::endian::native == std::endian::little, "the older structs are little-endian");

#pragma pack(push, 1)
// What versions A to D begin with.
struct Prefix {
    std::uint8_t type;
    std::uint8_t padding0[3];
    std::int32_t device;
    std::uint64_t size;
    std::uint8_t buffer_type;
    std::uint8_t padding1[3];
    std::int32_t process;
    std::uint64_t buffer;
    std::uint64_t timestamp;  // system clock ns; 0 on frees
    std::uint64_t dram, l1, l1_small, trace;
};
struct Facts {
    std::uint64_t total_dram, total_l1;
    std::uint32_t arch, dram_channels, dram_per_channel, l1_per_core, is_available, devices;
};
struct FrameB {
    Prefix prefix;
    Facts facts;
};
struct FrameC {
    Prefix prefix;
    std::uint64_t cb, kernel;
    Facts facts;
};
struct FrameD {
    FrameC common;
    std::uint32_t ring_total, ring_used, ring_programs,
        padding;  // of a dispatch ring: not known here
};
struct FrameE {
    std::uint8_t type;
    std::uint8_t padding0[3];
    std::int32_t device;
    std::uint64_t size;
    std::uint64_t id;
    std::int32_t process;
    std::uint8_t padding1[4];
};
#pragma pack(pop)
static_assert(sizeof(Prefix) == kFrameSize[0] && sizeof(FrameB) == kFrameSize[1]);
static_assert(sizeof(FrameC) == kFrameSize[2] && sizeof(FrameD) == kFrameSize[3]);
static_assert(sizeof(FrameE) == kFrameSize[4]);
static_assert(offsetof(Prefix, process) == 20 && offsetof(Prefix, dram) == 40);
static_assert(offsetof(FrameB, facts) == 72 && offsetof(FrameC, facts) == 88);

bool are_zero(std::span<const std::byte> bytes, std::size_t from, std::size_t count) noexcept {
    const std::size_t end = std::min(bytes.size(), from + count);
    for (std::size_t i = from; i < end; ++i)
        if (bytes[i] != std::byte{0}) return false;
    return true;
}

std::uint32_t saturated(std::uint64_t value) noexcept {
    constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::min(value, kMost));
}

template <class Struct>
void put(EncodedFrame& frame, std::size_t offset, const Struct& value) noexcept {
    std::memcpy(frame.bytes.data() + offset, &value, sizeof value);
}

}  // namespace

bool could_be(FrameVersion version, std::span<const std::byte> bytes) noexcept {
    if (bytes.empty()) return true;
    const auto type = std::to_integer<std::uint8_t>(bytes[0]);
    if (version == FrameVersion::kE)
        return type >= 8 && type <= 11 && are_zero(bytes, 1, 3) &&
               are_zero(bytes, offsetof(FrameE, padding1), 4);
    return type >= 1 && type <= 12 && are_zero(bytes, 1, 3) &&
           are_zero(bytes, offsetof(Prefix, padding1), 3);
}

Frame decode(FrameVersion version, std::span<const std::byte> bytes) noexcept {
    if (version == FrameVersion::kE) {
        FrameE raw;
        std::memcpy(&raw, bytes.data(), sizeof raw);
        return {static_cast<FrameType>(raw.type), raw.device, raw.size, 0, raw.process, raw.id};
    }
    Prefix raw;
    std::memcpy(&raw, bytes.data(), sizeof raw);
    return {static_cast<FrameType>(raw.type),
            raw.device,
            raw.size,
            raw.buffer_type,
            raw.process,
            raw.buffer};
}

EncodedFrame encode(FrameVersion version, FrameType type, std::int32_t device,
                    const DeviceFigures& figures) noexcept {
    EncodedFrame frame;
    frame.size = size_of(version);
    Prefix prefix{};
    prefix.type = static_cast<std::uint8_t>(type);
    prefix.device = device;
    prefix.dram = figures.dram;
    prefix.l1 = figures.l1;
    // The older server added system memory here, and these versions have no other place for it.
    prefix.l1_small = figures.l1_small + figures.system_memory;
    prefix.trace = figures.trace;
    put(frame, 0, prefix);
    const Facts facts{figures.total_dram,
                      figures.total_l1,
                      figures.arch,
                      figures.dram_channels,
                      saturated(figures.dram_per_channel),
                      saturated(figures.l1_per_core),
                      figures.is_available ? 1u : 0u,
                      figures.devices};
    if (version == FrameVersion::kB) {
        put(frame, offsetof(FrameB, facts), facts);
    } else if (version == FrameVersion::kC || version == FrameVersion::kD) {
        put(frame, offsetof(FrameC, cb), figures.cb);
        put(frame, offsetof(FrameC, kernel), figures.kernel);
        put(frame, offsetof(FrameC, facts), facts);
    }
    return frame;
}

}  // namespace tidemark::collector::gateway
