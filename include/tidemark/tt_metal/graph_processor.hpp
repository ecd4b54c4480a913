// SPDX-License-Identifier: Apache-2.0
//
// An observer for tt-metal's graph tracker that tells the in-process monitor of every buffer and circular buffer: no line
// of the program changes but the one that registers it (docs/tt-metal.md). A template over tt-metal's types, so that
// neither side needs the other to compile. Link Tidemark::monitor. A program uses this or another route, never both:
// ids here are unique_id()s, elsewhere addresses, and so nothing could tell that two reports mean one buffer.
//
// Types names tt-metal's classes:
//
//     struct Types {
//         using GraphProcessor = tt::tt_metal::IGraphProcessor;
//         using Buffer = tt::tt_metal::Buffer;
//         using Device = tt::tt_metal::IDevice;
//         using CoreRangeSet = CoreRangeSet;
//         using MeshDevice = tt::tt_metal::distributed::MeshDevice;   // optional
//     };
#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "../monitor.hpp"

namespace tidemark::tt_metal {

// Push the same one in every thread (the tracker keeps a list per thread). Any thread; nothing throws.
template <class Types>
class GraphProcessor : public Types::GraphProcessor {
public:
    using Buffer = typename Types::Buffer;
    using Device = typename Types::Device;
    using CoreRangeSet = typename Types::CoreRangeSet;

    explicit GraphProcessor(Monitor& monitor = Monitor::instance()) noexcept : monitor_(monitor) {}

    // An observer: the tracker does not take its presence for a capture.
    bool is_capture_processor() const override { return false; }

    // A buffer without a device is no memory of any. One of a mesh is counted on each device below it.
    void track_allocate(const Buffer* buffer) override {
        if (buffer == nullptr) return;
        for_each_device(buffer->device(), [&](std::uint32_t device) {
            monitor_.track_allocation(device, static_cast<Pool>(buffer->buffer_type()),
                                      buffer->unique_id(), buffer->size(), kReporter);
        });
    }
    void track_deallocate(Buffer* buffer) override {
        if (buffer == nullptr) return;
        for_each_device(buffer->device(), [&](std::uint32_t device) {
            monitor_.track_deallocation(device, static_cast<Pool>(buffer->buffer_type()),
                                        buffer->unique_id(), kReporter);
        });
    }

    // size: bytes on each core. A globally allocated one lies in a buffer that is counted already.
    void track_allocate_cb(const CoreRangeSet& cores, std::uint64_t /*address*/, std::uint64_t size,
                           bool is_globally_allocated, const Device* device) override {
        if (is_globally_allocated) return;
        const std::uint64_t bytes = size * count_cores(cores);
        for_each_device(device, [&](std::uint32_t number) { begin_cb(number, bytes); });
    }
    // All of the device's: it is told without an address, when a program gives its circular buffers back.
    void track_deallocate_cb(const Device* device) override {
        for_each_device(device, [&](std::uint32_t number) { end_cbs(number); });
    }

private:
    static constexpr auto kReporter = Monitor::Reporter::kAdapter;

    template <class Use>
    static void for_each_device(const Device* device, Use&& use) noexcept {
        if (device == nullptr) return;
        if constexpr (requires { typename Types::MeshDevice; }) {
            if (const auto* mesh = dynamic_cast<const typename Types::MeshDevice*>(device)) {
                for (const auto& one : mesh->get_devices())
                    use(static_cast<std::uint32_t>(one->id()));
                return;
            }
        }
        use(static_cast<std::uint32_t>(device->id()));
    }

    static std::uint64_t count_cores(const CoreRangeSet& cores) {
        if constexpr (requires { cores.num_cores(); })
            return cores.num_cores();
        else
            return 1;
    }

    // Circular buffers of different cores share addresses: each gets a number of its own. Without memory for the list it
    // is not told at all, since nothing could tell of its end.
    void begin_cb(std::uint32_t device, std::uint64_t bytes) noexcept {
        const std::lock_guard lock(mutex_);
        try {
            circular_buffers_[device].push_back(next_);
        } catch (const std::exception&) {
            return;
        }
        monitor_.track_allocation(device, Pool::kCb, next_++, bytes, kReporter);
    }
    void end_cbs(std::uint32_t device) noexcept {
        const std::lock_guard lock(mutex_);
        const auto found = circular_buffers_.find(device);
        if (found == circular_buffers_.end()) return;
        for (const std::uint64_t id : std::exchange(found->second, {}))
            monitor_.track_deallocation(device, Pool::kCb, id, kReporter);
    }

    Monitor& monitor_;
    std::mutex mutex_;
    std::map<std::uint32_t, std::vector<std::uint64_t>> circular_buffers_;
    std::uint64_t next_ = 1;
};

}  // namespace tidemark::tt_metal
