// SPDX-License-Identifier: Apache-2.0
//
// Wrappers that make a circular buffer or a kernel and report it, as older programs use them. Templates over tt-metal's
// types: its headers come before this one, and argument-dependent lookup finds its functions. Link Tidemark::compat.
//
//     auto cb = tt::tt_metal::instrumented::CreateCircularBufferWithTracking(device, data_format_spec, config);
//     auto kernel = tt::tt_metal::instrumented::AddKernelWithTracking(program, kernel_config, core_ranges);
#pragma once

#include <cstddef>
#include <cstdint>

#include "allocation_client.hpp"

namespace tt::tt_metal::instrumented {

enum class MemoryEventType { CB_ALLOC, CB_FREE, KERNEL_LOAD, KERNEL_UNLOAD };

// Reports one event by hand. True if it was recorded; false if tracking is off, the device is out of range, or a free
// names nothing that is there.
inline bool send_memory_event(MemoryEventType type, int device_id, std::uint64_t size,
                              std::uint64_t id = 0) {
    using tidemark::client::Kind;
    switch (type) {
        case MemoryEventType::CB_ALLOC:
            return tidemark::client::begin(Kind::kCircularBuffer, device_id, size, id);
        case MemoryEventType::CB_FREE:
            return tidemark::client::end(Kind::kCircularBuffer, device_id, size, id);
        case MemoryEventType::KERNEL_LOAD:
            return tidemark::client::begin(Kind::kKernel, device_id, size, id);
        case MemoryEventType::KERNEL_UNLOAD:
            return tidemark::client::end(Kind::kKernel, device_id, size, id);
    }
    return false;
}

namespace detail {

// Of a kernel that doesn't say: what older helpers assumed.
inline constexpr std::uint64_t kGuessedKernelBytes = 50 * 1024;

template <class Device>
int id_of(const Device& device) {
    if constexpr (requires { device->id(); })
        return static_cast<int>(device->id());
    else
        return static_cast<int>(device.id());
}

template <class Config>
std::uint64_t size_of_circular_buffer(const Config& config) {
    if constexpr (requires { config.total_size(); })
        return static_cast<std::uint64_t>(config.total_size());
    else
        return static_cast<std::uint64_t>(config.size());
}

template <class CoreRanges>
std::uint64_t count_ranges(const CoreRanges& ranges) {
    if constexpr (requires { ranges.ranges().size(); })
        return ranges.ranges().size();
    else if constexpr (requires { ranges.size(); })
        return ranges.size();
    else
        return 1;
}

// A real size where the configuration or the program offers one.
template <class Program, class Config, class Handle, class CoreRanges>
std::uint64_t size_of_kernel(const Program& program, const Config& config, const Handle& handle,
                             const CoreRanges& ranges) {
    if constexpr (requires { program.kernel_size(handle); })
        return static_cast<std::uint64_t>(program.kernel_size(handle));
    else if constexpr (requires { config.binary_size(); })
        return static_cast<std::uint64_t>(config.binary_size());
    else
        return kGuessedKernelBytes * count_ranges(ranges);
}

template <class Program>
int device_of(const Program& program) {
    if constexpr (requires { program.device_id(); })
        return static_cast<int>(program.device_id());
    else if constexpr (requires { program.device()->id(); })
        return program.device() != nullptr ? static_cast<int>(program.device()->id()) : 0;
    else
        return 0;
}

template <class Program>
std::uint64_t id_of_program(const Program& program) {
    if constexpr (requires { program.id(); })
        return static_cast<std::uint64_t>(program.id());
    else
        return static_cast<std::uint64_t>(program.get_id());
}

}  // namespace detail

// Calls CreateCircularBuffer(device, data_format_spec, config), returns its result, and reports a circular buffer with
// the id config.buffer_index(). That small number repeats: report its free by the same number and size.
template <class Device, class DataFormatSpec, class Config>
auto CreateCircularBufferWithTracking(Device&& device, const DataFormatSpec& data_format_spec,
                                      const Config& config) {
    auto made = CreateCircularBuffer(device, data_format_spec, config);
    send_memory_event(MemoryEventType::CB_ALLOC, detail::id_of(device),
                      detail::size_of_circular_buffer(config),
                      static_cast<std::uint64_t>(config.buffer_index()));
    return made;
}

// Calls AddKernel(program, kernel_config, core_ranges), returns its result, and reports a kernel with the id
// program id << 32 | handle, on the program's device if it names one, else device 0. Its size is program.kernel_size(handle) or
// kernel_config.binary_size(), whichever there is; a guess of 50 KB a core range else, as older helpers had it.
template <class Program, class KernelConfig, class CoreRanges>
auto AddKernelWithTracking(Program& program, const KernelConfig& kernel_config,
                           const CoreRanges& core_ranges) {
    auto handle = AddKernel(program, kernel_config, core_ranges);
    const auto number = static_cast<std::uint64_t>(handle) & 0xFFFFFFFFu;
    send_memory_event(MemoryEventType::KERNEL_LOAD, detail::device_of(program),
                      detail::size_of_kernel(program, kernel_config, handle, core_ranges),
                      detail::id_of_program(program) << 32 | number);
    return handle;
}

}  // namespace tt::tt_metal::instrumented
