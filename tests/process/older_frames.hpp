// SPDX-License-Identifier: Apache-2.0
//
// The older allocation server's messages as a client makes and reads them: offsets written out, and nothing shared with
// the code under test.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace tidemark::test::older {

using Bytes = std::vector<std::uint8_t>;

enum : std::uint8_t {
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

template <class Value>
void put(Bytes& bytes, std::size_t offset, Value value) {
    std::memcpy(bytes.data() + offset, &value, sizeof value);
}

// `bytes`: 72, 112, 128 or 144, the struct that the client was built with.
inline Bytes frame(std::size_t bytes, std::uint8_t type, std::int32_t device, std::uint64_t size,
                   std::uint8_t pool, std::int32_t pid, std::uint64_t id,
                   std::uint64_t timestamp = 0) {
    Bytes made(bytes, 0);
    put(made, 0, type);
    put(made, 4, device);
    put(made, 8, size);
    put(made, 16, pool);
    put(made, 20, pid);
    put(made, 24, id);
    put(made, 32, timestamp);
    return made;
}

// The struct of 32 bytes, for circular buffers and kernels.
inline Bytes small_frame(std::uint8_t type, std::int32_t device, std::uint64_t size,
                         std::uint64_t id, std::int32_t pid) {
    Bytes made(32, 0);
    put(made, 0, type);
    put(made, 4, device);
    put(made, 8, size);
    put(made, 16, id);
    put(made, 24, pid);
    return made;
}

inline void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

struct Answer {
    std::uint8_t type;
    std::int32_t device;
    std::uint64_t dram, l1, l1_small, trace, cb, kernel, total_dram, total_l1;
    std::uint32_t arch, dram_channels, dram_per_channel, l1_per_core, is_available, devices;
};

inline Answer read_answer(std::span<const std::uint8_t> bytes) {
    const auto at = [bytes]<class Value>(std::size_t offset, Value) {
        Value value{};
        if (offset + sizeof value <= bytes.size())
            std::memcpy(&value, bytes.data() + offset, sizeof value);
        return value;
    };
    const bool has_cb = bytes.size() >= 128;
    const std::size_t facts = has_cb ? 88 : 72;
    constexpr std::uint64_t u64 = 0;
    constexpr std::uint32_t u32 = 0;
    return {at(0, std::uint8_t{}),
            at(4, std::int32_t{}),
            at(40, u64),
            at(48, u64),
            at(56, u64),
            at(64, u64),
            has_cb ? at(72, u64) : 0,
            has_cb ? at(80, u64) : 0,
            at(facts, u64),
            at(facts + 8, u64),
            at(facts + 16, u32),
            at(facts + 20, u32),
            at(facts + 24, u32),
            at(facts + 28, u32),
            at(facts + 32, u32),
            at(facts + 36, u32)};
}

}  // namespace tidemark::test::older
