// SPDX-License-Identifier: Apache-2.0
//
// The bell between processes that map ring and page each for itself: whoever sleeps has taken all that was published
// when he began, or is woken. What a store buffer may hide for an instant is tests/models/bell.cpp's.
#include <doctest/doctest.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <string>
#include <vector>

#include "producer/hot.hpp"
#include "shm/bell_slots.hpp"
#include "shm/lane_reader.hpp"
#include "shm/lane_writer.hpp"

using namespace tidemark;

namespace {

constexpr std::uint32_t kMostProducers = 2, kEvents = 64;
constexpr std::uint64_t kRingBytes =
    shm::kBlocksOffset + kMostProducers * kEvents * sizeof(shm::Event);
constexpr std::uint64_t kLongSleep_ns = 30'000'000'000;  // nobody is ever that late

std::uint64_t block_of(std::uint32_t lane) {
    return shm::kBlocksOffset + lane * kEvents * sizeof(shm::Event);
}

// A ring that each process maps for itself.
class RingFile {
public:
    RingFile() : file_(memfd_create("ring", MFD_CLOEXEC)) {
        REQUIRE(ftruncate(file_, kRingBytes) == 0);
    }
    ~RingFile() { close(file_); }
    std::byte* map() const {
        return static_cast<std::byte*>(
            mmap(nullptr, kRingBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0));
    }

private:
    int file_;
};

shm::RingHeader& header_of(std::byte* ring) { return *reinterpret_cast<shm::RingHeader*>(ring); }
shm::Lane& lane_of(std::byte* ring, std::uint32_t i) {
    return reinterpret_cast<shm::Lane*>(ring + shm::kLanesOffset)[i];
}

// Spins at first, so that the next event comes just when the collector is about to sleep.
void wait_for_tail(const shm::Lane& lane, std::uint64_t wanted) {
    for (unsigned turn = 0; __atomic_load_n(&lane.tail, __ATOMIC_ACQUIRE) < wanted; ++turn) {
        if (turn < 2'000)
            shm::pause_briefly();
        else
            sched_yield();
    }
}

// Publishes one event, looks at the bell, waits until it is taken, and a little longer.
[[noreturn]] void produce(const RingFile& file, std::uint32_t number) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::byte* ring = file.map();
    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0);
    producer::inherited.bell = shm::map_bell(geteuid());
    shm::Lane& lane = lane_of(ring, number);
    shm::LaneWriter writer{};
    writer.begin(ring, lane, block_of(number), kEvents, 3);
    std::minstd_rand random(number + 1);
    for (std::uint64_t n = 1;; ++n) {
        writer.append(writer.head(), n, n, 1, 0);
        producer::look_at_bell(*writer.header);
        wait_for_tail(lane, n);
        for (std::uint64_t turns = random() % 64; turns > 0; --turns)
            shm::pause_briefly();
    }
}

class Producers {
public:
    Producers(const RingFile& file, std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i) {
            children_.push_back(fork());
            if (children_.back() == 0) produce(file, i);
        }
    }
    Producers(const Producers&) = delete;
    Producers& operator=(const Producers&) = delete;
    ~Producers() {
        for (const pid_t child : children_) {
            kill(child, SIGKILL);
            waitpid(child, nullptr, 0);
        }
    }

private:
    std::vector<pid_t> children_;
};

// As the collector's core: takes what is there, announces, looks once more, sleeps.
class Collector {
public:
    explicit Collector(const RingFile& file) : ring_(file.map()) {
        header_of(ring_).consumer_slot = slots_.slot_for(geteuid());
        for (std::uint32_t i = 0; i < kMostProducers; ++i) {
            lane_of(ring_, i).first_offset = block_of(i);
            lane_of(ring_, i).first_capacity = kEvents;
        }
    }
    ~Collector() { munmap(ring_, kRingBytes); }
    bool has_slot() { return header_of(ring_).consumer_slot >= 0; }
    bool can_be_rung() const { return slots_.can_be_rung(); }

    void drain() {
        for (std::uint32_t i = 0; i < kMostProducers; ++i) {
            shm::LaneReader reader(ring_, kRingBytes, i);
            taken_[i] = reader.head();
            reader.release_space(taken_[i]);
        }
    }
    bool has_news() {
        for (std::uint32_t i = 0; i < kMostProducers; ++i)
            if (shm::LaneReader(ring_, kRingBytes, i).head() != taken_[i]) return true;
        return false;
    }
    // False: slept to the end of its time although something was published.
    bool sleep_until_rung() {
        slots_.announce_waiting();
        const std::uint64_t begun = shm::monotonic_ns();
        const bool is_quiet = !has_news();
        if (is_quiet) slots_.sleep(kLongSleep_ns);
        slots_.stop_waiting();
        slept_ += is_quiet;
        return shm::monotonic_ns() - begun < kLongSleep_ns || !has_news();
    }
    std::uint64_t slept() const { return slept_; }

private:
    std::byte* ring_;
    shm::BellSlots slots_{"test-bell-" + std::to_string(getpid()), 1};
    std::uint64_t taken_[kMostProducers] = {};
    std::uint64_t slept_ = 0;
};

}  // namespace

// With one producer, whoever is slept through stays so; with two, one of them may be interrupted in its ringing.
TEST_CASE("a collector that sleeps is rung by processes that map the ring and the bell elsewhere") {
    for (const std::uint32_t count : {1u, kMostProducers}) {
        const RingFile file;
        Collector collector(file);
        REQUIRE(collector.has_slot());
        const Producers producers(file, count);
        bool woke = true;
        while (woke && collector.slept() < 20'000) {
            collector.drain();
            woke = collector.sleep_until_rung();
        }
        CHECK(woke);
        CHECK(collector.can_be_rung());
    }
}
