// SPDX-License-Identifier: Apache-2.0
#include "tidemark/client.hpp"

#include <pthread.h>

#include <array>
#include <exception>

#include "producer/monitor/errno_kept.hpp"
#include "producer/monitor/instances.hpp"
#include "producer/monitor/lock.hpp"
#include "tidemark/monitor.hpp"
#include "tidemark/producer.hpp"

namespace tidemark::client {
namespace {

constexpr std::uint32_t kTypes = 3;

// Never destroyed, as the monitor itself.
struct Known {
    monitor::Lock lock;
    monitor::Instances instances;
    std::array<std::array<std::uint64_t, kTypes>, Monitor::kMaxDevices> kernels{};
};

Known& known() {
    static Known* const only = [] {
        Monitor::instance();  // its lock comes after ours: so it is to be registered before
        auto* made = new Known;
        pthread_atfork([] { known().lock.lock(); }, [] { known().lock.unlock(); },
                       [] { known().lock.unlock(); });
        return made;
    }();
    return *only;
}

// Counts it if it can't be a device.
bool is_device(int device) noexcept {
    if (device >= 0 && static_cast<std::uint32_t>(device) < Monitor::kMaxDevices) return true;
    Monitor::instance().refuse_device("AllocationClient", device, Monitor::kMaxDevices);
    return false;
}

constexpr Pool pool_of(Kind kind) noexcept {
    return kind == Kind::kKernel ? Pool::kKernel : Pool::kCb;
}

std::uint32_t number(int device) noexcept { return static_cast<std::uint32_t>(device); }

monitor::Instances::Key key_of(Kind kind, int device, std::uint64_t id) noexcept {
    return {number(device), static_cast<std::uint32_t>(pool_of(kind)), id};
}

}  // namespace

bool is_enabled() noexcept { return tidemark::enabled(); }

void allocation(int device, std::uint64_t size, std::uint32_t pool, std::uint64_t id) noexcept {
    if (!is_enabled() || !is_device(device)) return;
    // A number that is no BufferType must not land in the pools behind them.
    const Pool wanted = pool < Monitor::kBufferPools ? static_cast<Pool>(pool) : Pool::kAny;
    Monitor::instance().track_allocation(number(device), wanted, id, size,
                                         Monitor::Reporter::kClient);
}

void deallocation(int device, std::uint64_t id) noexcept {
    if (!is_enabled() || !is_device(device)) return;
    Monitor::instance().track_deallocation(number(device), id, Monitor::Reporter::kClient);
}

// The lock is held until the ring has it, so that one key's instances are recorded in their order.
bool begin(Kind kind, int device, std::uint64_t size, std::uint64_t id,
           std::uint32_t type) noexcept {
    if (!is_enabled() || !is_device(device)) return false;
    if (type >= kTypes) type = 0;
    const monitor::ErrnoKept errno_kept;
    try {
        Known& all = known();
        const monitor::Guard guard(all.lock);
        const std::uint64_t instance = all.instances.begin(key_of(kind, device, id), size, type);
        if (kind == Kind::kKernel) all.kernels[number(device)][type] += size;
        Monitor::instance().track_allocation(number(device), pool_of(kind), instance, size,
                                             Monitor::Reporter::kClient);
        return true;
    } catch (const std::exception&) {
        // Without memory for its instance it goes by its own id, which its free will carry too.
        Monitor::instance().track_allocation(number(device), pool_of(kind), id, size,
                                             Monitor::Reporter::kClient);
        return true;
    }
}

bool end(Kind kind, int device, std::uint64_t size, std::uint64_t id) noexcept {
    if (!is_enabled() || !is_device(device)) return false;
    const monitor::ErrnoKept errno_kept;
    try {
        Known& all = known();
        const monitor::Guard guard(all.lock);
        monitor::Instance ended{id, 0, 0};
        const bool found = all.instances.end(key_of(kind, device, id), size, ended);
        if (found && kind == Kind::kKernel) all.kernels[number(device)][ended.type] -= ended.size;
        Monitor::instance().track_deallocation(number(device), pool_of(kind), ended.id,
                                               Monitor::Reporter::kClient);
        return found;
    } catch (const std::exception&) {
        return false;
    }
}

std::uint64_t kernel_bytes(int device, std::uint32_t type) noexcept {
    if (device < 0 || number(device) >= Monitor::kMaxDevices || type >= kTypes) return 0;
    const monitor::ErrnoKept errno_kept;
    try {
        Known& all = known();
        const monitor::Guard guard(all.lock);
        return all.kernels[number(device)][type];
    } catch (const std::exception&) {
        return 0;
    }
}

}  // namespace tidemark::client
