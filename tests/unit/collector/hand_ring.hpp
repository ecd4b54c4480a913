// SPDX-License-Identifier: Apache-2.0
//
// A ring segment written by hand, word by word from the layout, so that the drain side is tested without the producer
// library, and can be shown what no producer writes.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "shm/clock.hpp"
#include "shm/identity_raw.hpp"
#include "shm/ring_layout.hpp"

namespace tidemark::test {

class HandRing {
public:
    explicit HandRing(const std::string& instance, std::uint32_t lanes = 1,
                      std::uint32_t capacity = 512, std::uint64_t number = 0)
        : image(number != 0 ? number : shm::random_image_id()), capacity_(capacity) {
        char digits[17];
        std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(image));
        name = std::string(shm::kRingPrefix) + digits;
        const std::string path = "/dev/shm/" + name;
        size_ =
            shm::kBlocksOffset + std::uint64_t{2 * shm::kMaxLanes} * capacity * sizeof(shm::Event);
        const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
        struct flock lock = {};
        lock.l_type = F_WRLCK;
        lock.l_len = 1;
        fcntl(descriptor, F_OFD_SETLK, &lock);
        if (ftruncate(descriptor, static_cast<off_t>(size_)) != 0) std::perror("ftruncate");
        base_ = static_cast<std::byte*>(
            mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
        close(descriptor);
        fill_header(instance);
        claim(lanes);
    }
    ~HandRing() {
        let_go();
        unlink(("/dev/shm/" + name).c_str());
    }
    HandRing(const HandRing&) = delete;

    // As a death does: the mapping goes, and with it the lock.
    void let_go() {
        if (base_ != nullptr) munmap(base_, size_);
        base_ = nullptr;
    }

    std::uint64_t size() const { return size_; }
    shm::RingHeader& header() { return *reinterpret_cast<shm::RingHeader*>(base_); }
    shm::Lane& lane(std::uint32_t index) {
        return reinterpret_cast<shm::Lane*>(base_ + shm::kLanesOffset)[index];
    }

    void put(std::uint32_t index, const shm::Event& event) {
        shm::Lane& l = lane(index);
        auto* block = reinterpret_cast<shm::Event*>(base_ + l.first_offset);
        block[l.head % capacity_] = event;
        __atomic_store_n(&l.head, l.head + 1, __ATOMIC_RELEASE);
    }
    std::uint64_t room(std::uint32_t index) {
        shm::Lane& l = lane(index);
        return capacity_ - (l.head - __atomic_load_n(&l.tail, __ATOMIC_ACQUIRE));
    }
    void allocate(std::uint32_t index, std::uint64_t id, std::uint64_t bytes,
                  std::uint32_t pool = 0, std::uint32_t device = 0, std::uint64_t stamp = 0) {
        put(index, {stamp != 0 ? stamp : now(), id,
                    shm::pack(shm::Operation::kAllocation, pool, bytes), device, 0});
    }
    void free(std::uint32_t index, std::uint64_t id, std::uint32_t pool = 0,
              std::uint32_t device = 0, std::uint64_t stamp = 0, std::uint8_t flags = 0) {
        put(index, {stamp != 0 ? stamp : now(), id,
                    shm::pack(shm::Operation::kFree, pool, 0, flags), device, 0});
    }
    static std::uint64_t now() { return shm::read_clock(shm::choose_clock()); }

    std::uint64_t image;
    std::string name;

private:
    void fill_header(const std::string& instance) {
        shm::RingHeader& h = header();
        h.magic = shm::kRingMagic;
        h.byte_order = shm::kRingByteOrder;
        h.major = shm::kRingMajor;
        h.header_size = 4096;
        h.object_size = size_;
        h.image = image;
        shm::Identity self;
        shm::read_own_identity(self);
        h.pid = self.pid;
        h.uid = self.uid;
        h.start_ticks = self.start_ticks +
                        image % 1000;  // several images of one process, as of several processes
        h.clock_kind = static_cast<std::uint32_t>(shm::choose_clock());
        h.lane_count = shm::kMaxLanes;
        h.lane_size = sizeof(shm::Lane);
        h.lanes_offset = shm::kLanesOffset;
        h.blocks_offset = shm::kBlocksOffset;
        h.declarations_offset = shm::kDeclarationsOffset;
        std::strncpy(h.instance, instance.c_str(), sizeof h.instance - 1);
        std::memcpy(h.name, self.name, sizeof h.name);
        h.consumer_slot = -1;
    }
    void claim(std::uint32_t lanes) {
        for (std::uint32_t i = 0; i < 2 * lanes; ++i) {
            lane(i).first_offset =
                shm::kBlocksOffset + std::uint64_t{i} * capacity_ * sizeof(shm::Event);
            lane(i).first_capacity = capacity_;
        }
        __atomic_store_n(&header().lanes_used, lanes, __ATOMIC_RELEASE);
    }

    std::byte* base_ = nullptr;
    std::uint64_t size_ = 0;
    std::uint32_t capacity_;
};

}  // namespace tidemark::test
