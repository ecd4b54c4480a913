// SPDX-License-Identifier: Apache-2.0
//
// The ring segment and the bell page as a producer makes them: raw system calls, no allocation, errno untouched, and
// never a fault: a page is touched only after the kernel promised it. What the bytes mean is in ring_layout.hpp; who
// writes which byte is the producer's business.
//
// Callers block signals around these (SignalsBlocked): SIGXFSZ is consumed here, and no handler may fork between
// open and close, or its child would inherit the lock.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shm/ring_layout.hpp"

namespace tidemark::shm {

struct RawRing {
    std::byte* base = nullptr;
    std::uint64_t size = 0;
    std::uint64_t image = 0;
    std::uint64_t temporary = 0;  // its name until it is published
    bool preallocated =
        false;  // every page is there: the kernel knows no MADV_POPULATE_WRITE (before 5.14)
};

// Makes an object of `size` bytes under a temporary name, which doesn't tell the ready one (somebody else could take
// it meanwhile), holding the producer's lock, with the fixed part (header,
// declarations, first lanes) ready to be written. Tries smaller objects, down to kMinRingBudget, where the file size
// limit refuses. 0, or an errno: then nothing is left behind.
int create_ring(std::uint64_t image, std::uint64_t size, RawRing& ring) noexcept;

// Gives it its ready name, which tells collectors. 0, or an errno: then the object is gone.
int publish_ring(const RawRing& ring) noexcept;

// Unmaps and unlinks one that never was published.
void discard_ring(const RawRing& ring) noexcept;

// Makes the pages of [offset, offset + length) present, so that no store into them can fault. 0, or an errno.
int populate(const RawRing& ring, std::uint64_t offset, std::uint64_t length) noexcept;

// The bell page of `uid`, made if it isn't there; nullptr if it can't be had or belongs to somebody else. Stays mapped
// across fork. Its four pages are present.
BellPage* map_bell(std::uint32_t uid) noexcept;

// Blocks all signals that can be blocked for the calling thread, while it lives; does nothing if not `wanted`.
class SignalsBlocked {
public:
    explicit SignalsBlocked(bool wanted = true) noexcept;
    ~SignalsBlocked();
    SignalsBlocked(const SignalsBlocked&) = delete;
    SignalsBlocked& operator=(const SignalsBlocked&) = delete;

private:
    std::uint64_t previous_ = 0;
    bool wanted_;
};

// Anonymous private memory, zero; nullptr if there is none.
void* map_private(std::uint64_t bytes) noexcept;

}  // namespace tidemark::shm
