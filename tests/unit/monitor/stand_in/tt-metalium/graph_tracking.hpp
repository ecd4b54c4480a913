// SPDX-License-Identifier: Apache-2.0
//
// Stands in for tt-metal's graph tracker: the names and signatures that the adapter meets, without anything behind them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

class CoreRangeSet {
public:
    explicit CoreRangeSet(std::uint32_t cores) : cores_(cores) {}
    std::uint32_t num_cores() const { return cores_; }

private:
    std::uint32_t cores_;
};

namespace tt::tt_metal {

class IDevice {
public:
    explicit IDevice(int id) : id_(id) {}
    virtual ~IDevice() = default;
    int id() const { return id_; }

private:
    int id_;
};

namespace distributed {
class MeshDevice : public IDevice {
public:
    MeshDevice(int id, std::vector<IDevice*> devices) : IDevice(id), devices_(std::move(devices)) {}
    std::vector<IDevice*> get_devices() const { return devices_; }

private:
    std::vector<IDevice*> devices_;
};
}  // namespace distributed

enum class BufferType { DRAM, L1, SYSTEM_MEMORY, L1_SMALL, TRACE };

class Buffer {
public:
    Buffer(IDevice* device, std::uint64_t id, std::uint64_t size, BufferType type)
        : device_(device), id_(id), size_(size), type_(type) {}
    std::uint32_t address() const { return 0x1000; }  // the same for all of them
    std::uint64_t size() const { return size_; }
    BufferType buffer_type() const { return type_; }
    IDevice* device() const { return device_; }
    std::uint64_t unique_id() const { return id_; }

private:
    IDevice* device_;
    std::uint64_t id_;
    std::uint64_t size_;
    BufferType type_;
};

class Program {};

class IGraphProcessor {
public:
    virtual ~IGraphProcessor() = default;
    virtual bool is_capture_processor() const { return true; }
    virtual void track_allocate(const Buffer*) {}
    virtual void track_deallocate(Buffer*) {}
    virtual void track_allocate_cb(const CoreRangeSet&, std::uint64_t, std::uint64_t, bool,
                                   const IDevice*) {}
    virtual void track_deallocate_cb(const IDevice*) {}
    virtual void track_program(Program*, const IDevice*) {}
};

class GraphTracker {
public:
    static GraphTracker& instance() {
        static GraphTracker only;
        return only;
    }
    void push_processor(const std::shared_ptr<IGraphProcessor>& processor) {
        processors.push_back(processor);
    }
    static inline thread_local std::vector<std::shared_ptr<IGraphProcessor>> processors;
};

}  // namespace tt::tt_metal
