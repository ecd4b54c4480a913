// SPDX-License-Identifier: Apache-2.0
#include "bench/own_ring.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "tidemark/producer.h"

namespace tidemark::bench {

OwnRing::OwnRing() {
    tidemark_allocation(0, TIDEMARK_POOL_DRAM, 1, 1);
    tidemark_free(0, TIDEMARK_POOL_DRAM, 1);
    tidemark_status status{};
    tidemark_get_status(&status, sizeof status);
    if (status.attached == 0) return;
    std::snprintf(path_, sizeof path_, "%s%s%016llx", shm::kShmDirectory, shm::kRingPrefix,
                  static_cast<unsigned long long>(status.image));
    const int descriptor = open(path_, O_RDWR | O_CLOEXEC);
    struct stat facts = {};
    if (descriptor < 0 || fstat(descriptor, &facts) != 0) return;
    size_ = static_cast<std::uint64_t>(facts.st_size);
    void* const base = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (base == MAP_FAILED) return;
    base_ = static_cast<std::byte*>(base);
    lane_ = reinterpret_cast<shm::Lane*>(base_ + shm::kLanesOffset);
    // The bell is looked at as under a collector, in a slot that nobody has until 126 others are taken.
    auto& header = *reinterpret_cast<shm::RingHeader*>(base_);
    __atomic_store_n(&header.consumer_slot, static_cast<int>(shm::kBellSlots) - 1,
                     __ATOMIC_RELAXED);
}

OwnRing::~OwnRing() {
    if (path_[0] != '\0') unlink(path_);
    if (base_ != nullptr) munmap(base_, size_);
}

void OwnRing::use_lane_of_this_thread() {
    tidemark_allocation(0, TIDEMARK_POOL_DRAM, 1, 1);  // takes a lane
    tidemark_free(0, TIDEMARK_POOL_DRAM, 1);
    const auto self = static_cast<std::uint32_t>(gettid());
    const auto& header = *reinterpret_cast<const shm::RingHeader*>(base_);
    // SYNC(lane-claim): acquire, as the consumer does.
    const std::uint32_t pairs = __atomic_load_n(&header.lanes_used, __ATOMIC_ACQUIRE);
    for (std::uint32_t i = 0; i < pairs; ++i)
        if (__atomic_load_n(&lane_[2 * i].owner, __ATOMIC_RELAXED) == self)
            own_lane_ = &lane_[2 * i];
}

std::uint64_t OwnRing::lost() {
    tidemark_status status{};
    tidemark_get_status(&status, sizeof status);
    std::uint64_t sum = 0;
    for (const auto& cause : status.lost)
        sum += cause.allocations + cause.frees;
    return sum;
}

}  // namespace tidemark::bench
