// SPDX-License-Identifier: Apache-2.0
//
// The ledger of a generator: what it knows that it allocated and freed, in memory that it shares with the test which
// started it, and the words by which the test drives it. The generator is the only writer of all but `command`.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace tidemark::test {

// DRAM, L1 and one that the program names.
inline constexpr std::uint32_t kLedgerNamedPool = 7;
inline constexpr char kLedgerPoolName[] = "scratch";

struct LedgerUsage {
    std::uint32_t device, pool;
    std::uint64_t current, peak, total_allocated, total_freed, live, allocations, frees;

    const char* pool_name() const {
        return pool == 0 ? "DRAM" : pool == 1 ? "L1" : kLedgerPoolName;
    }
    void allocate(std::uint64_t size) {
        current += size;
        total_allocated += size;
        ++live;
        ++allocations;
        if (current > peak) peak = current;
    }
    void free(std::uint64_t size) {
        current -= size;
        total_freed += size;
        --live;
        ++frees;
    }
};

struct LedgerBuffer {
    std::uint64_t id, size;
    std::uint32_t device, pool;
};

enum LedgerCommand : std::uint32_t {
    kLedgerWait = 0,
    kLedgerRun = 1,    // until told otherwise, or to the end of the round
    kLedgerPause = 2,  // write the ledger, then `paused` is 1
    kLedgerEnd = 3     // exit with what is live
};

// Forked children use a device of their own, and leave half of what they allocate.
inline constexpr std::uint32_t kChildDevice = 100;
inline constexpr std::uint64_t kChildBuffers = 16;
inline constexpr std::uint64_t kChildBufferSize = 48;

struct LedgerPage {
    std::uint32_t command;
    std::uint32_t paused;
    std::uint64_t progress;  // events recorded so far, roughly while it runs
    std::uint64_t image;
    std::uint64_t events;  // recorded, exactly, while paused
    std::uint64_t lost;    // as the producer counted
    std::uint64_t children;
    std::uint32_t usage_count;
    std::uint32_t buffer_count;
    LedgerUsage usages[32];
    LedgerBuffer buffers[1 << 16];
};

// Maps the page of a descriptor, or makes one.
class LedgerMemory {
public:
    LedgerMemory() : descriptor_(memfd_create("ledger", 0)) {
        if (ftruncate(descriptor_, sizeof(LedgerPage)) == 0) map();
    }
    explicit LedgerMemory(int descriptor) : descriptor_(descriptor) { map(); }
    ~LedgerMemory() {
        munmap(page_, sizeof(LedgerPage));
        close(descriptor_);
    }
    LedgerMemory(const LedgerMemory&) = delete;
    LedgerMemory& operator=(const LedgerMemory&) = delete;

    int descriptor() const { return descriptor_; }
    LedgerPage* operator->() const { return page_; }
    LedgerPage& operator*() const { return *page_; }

private:
    void map() {
        page_ = static_cast<LedgerPage*>(
            mmap(nullptr, sizeof(LedgerPage), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0));
    }
    int descriptor_;
    LedgerPage* page_ = nullptr;
};

template <class Word>
Word seen(const Word& word) {
    return __atomic_load_n(&word, __ATOMIC_ACQUIRE);
}
template <class Word>
void tell(Word& word, Word value) {
    __atomic_store_n(&word, value, __ATOMIC_RELEASE);
}

}  // namespace tidemark::test
