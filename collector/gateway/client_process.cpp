// SPDX-License-Identifier: Apache-2.0
#include "collector/gateway/client_process.hpp"

#include <bit>
#include <utility>
#include <vector>

#include "shm/event.hpp"

namespace tidemark::collector::gateway {
namespace {

constexpr std::uint32_t kAnyPool = TIDEMARK_POOL_ANY;
constexpr std::uint32_t kCb = 1u << TIDEMARK_POOL_CB;
constexpr std::uint32_t kKernel = 1u << TIDEMARK_POOL_KERNEL;
// A free names no pool: all that an allocation may have named.
constexpr std::uint32_t kBufferPools = (1u << TIDEMARK_POOL_FIRST_NAMED) - 1 - kCb - kKernel;

// The pool of an allocation; TIDEMARK_POOL_ANY if there is none of that number.
std::uint32_t pool_of(const Frame& frame) {
    switch (frame.type) {
        case FrameType::kCbAllocation:
            return TIDEMARK_POOL_CB;
        case FrameType::kKernelLoad:
            return TIDEMARK_POOL_KERNEL;
        default:
            return frame.pool < TIDEMARK_POOL_FIRST_NAMED ? frame.pool : kAnyPool;
    }
}

std::uint32_t pools_of_free(FrameType type) {
    return type == FrameType::kCbFree         ? kCb
           : type == FrameType::kKernelUnload ? kKernel
                                              : kBufferPools;
}

bool is_allocation(FrameType type) {
    return type == FrameType::kAllocation || type == FrameType::kCbAllocation ||
           type == FrameType::kKernelLoad;
}

}  // namespace

ClientProcess::~ClientProcess() { room_.give_back(peer_.uid, held_.count()); }

Applied ClientProcess::apply(const Frame& frame, std::uint64_t now_ns, std::string& error) {
    const bool allocates = is_allocation(frame.type);
    const shm::LossCounter itself{allocates ? 1u : 0u, allocates ? 0u : 1u,
                                  allocates ? frame.size : 0};
    if (!has_ring(now_ns, error)) {
        without_ring_.allocations += itself.allocations;
        without_ring_.frees += itself.frees;
        without_ring_.bytes += itself.bytes;
        return {};
    }
    const std::uint32_t pool = allocates ? pool_of(frame) : 0;
    const bool has_device =
        frame.device >= 0 && frame.device < static_cast<std::int32_t>(TIDEMARK_DEVICE_HOST);
    if (!has_device || pool == kAnyPool || frame.size > shm::kMaxEventSize) {
        ring_->count_lost(TIDEMARK_LOSS_CORRUPT, itself);
        return {};
    }
    if (left_devices_.contains(static_cast<std::uint32_t>(frame.device))) return {};
    return allocates ? allocate(frame, pool, now_ns, error)
                     : free(frame, pools_of_free(frame.type));
}

// What a client holds is kept in this process's memory: nobody's mistake, or malice, may fill it.
bool ClientProcess::takes_room(std::string& error) {
    if (held_.count() < room_.most_of_one() && room_.take(peer_.uid)) return true;
    if (!std::exchange(told_of_room_, true))
        error = "socket client " + std::to_string(peer_.pid) + " (" + peer_.name + ") has " +
                std::to_string(held_.count()) + " buffers of " + std::to_string(room_.taken()) +
                " that are held, and there is no room for more; further ones are counted as lost, "
                "see limits.socket_buffers in docs/configuration.md";
    return false;
}

Applied ClientProcess::allocate(const Frame& frame, std::uint32_t pool, std::uint64_t now_ns,
                                std::string& error) {
    if (!takes_room(error)) {
        ring_->count_lost(TIDEMARK_LOSS_NO_SPACE, {1, 0, frame.size});
        return {};
    }
    const BufferKey key{static_cast<std::uint32_t>(frame.device), pool, frame.id};
    const auto held = held_.allocate(key, frame.size, now_ns);
    if (!held) {
        room_.give_back(peer_.uid);
        ring_->count_lost(TIDEMARK_LOSS_CORRUPT, {1, 0, frame.size});
        return {};
    }
    send(shm::make_event(0, ring_id(frame.id, held->number),
                         shm::pack(shm::Operation::kAllocation, pool, frame.size), key.device));
    return {true, pool, frame.size};
}

Applied ClientProcess::free(const Frame& frame, std::uint32_t pool_mask) {
    const auto device = static_cast<std::uint32_t>(frame.device);
    const auto freed = held_.free(device, pool_mask, frame.id, frame.size);
    // One that finds nothing goes on its way all the same, to be counted there, in a pool where nothing has its id.
    const std::uint32_t nowhere = static_cast<std::uint32_t>(std::countr_zero(pool_mask));
    const std::uint32_t pool = !freed                    ? nowhere
                               : freed->is_newest_of_all ? kAnyPool
                                                         : freed->key.pool;
    const std::uint32_t number = freed ? freed->buffer.number : 0;
    send(shm::make_event(0, ring_id(frame.id, number), shm::pack(shm::Operation::kFree, pool, 0),
                         device));
    if (!freed) return {};
    room_.give_back(peer_.uid);
    return {true, freed->key.pool, freed->buffer.size};
}

void ClientProcess::leave_device(std::uint32_t device) {
    if (!left_devices_.insert(device).second) return;
    const std::vector<HeldBuffers::Freed> taken = held_.take_device(device);
    room_.give_back(peer_.uid, taken.size());
    for (const HeldBuffers::Freed& held : taken)
        send(shm::make_event(0, ring_id(held.key.id, held.buffer.number),
                             shm::pack(shm::Operation::kFree, held.key.pool, 0), device));
}

}  // namespace tidemark::collector::gateway
