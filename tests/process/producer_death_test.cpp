// SPDX-License-Identifier: Apache-2.0
//
// A producer that is killed between any two of its stores, and one whose consumer sleeps, stalls or comes late.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <thread>

#include "producer_rings.hpp"
#include "shm/bell_slots.hpp"
#include "shm/clock.hpp"

using namespace tidemark;
using test::Ended;
using test::Instance;
using test::RingView;

namespace {

constexpr std::uint64_t kEvents = 30'000;  // through all sizes of a lane's blocks, and beyond

int start(const Instance& instance, std::uint64_t events, const test::Environment& more = {}) {
    return test::start_program({test::in_bin("producer_subject"), "plain", std::to_string(events)},
                               instance.name(), more);
}

// Records of lane 0 in order from `first`, nothing torn; answers the next expected id.
std::uint64_t check_sequence(const RingView& ring) {
    std::uint64_t next = 1;
    for (const shm::Event& event : ring.lanes[0]) {
        if (event.operation() == shm::Operation::kGap) continue;
        CHECK(event.id >= next);
        CHECK(event.size() == (event.id & 0xFFFF));
        next = event.id + 1;
    }
    return next;
}

// A collector as far as producers can tell: it beats.
class Heart {
public:
    explicit Heart(const std::string& instance) : slots_(instance, 1) {
        while ((slot_ = slots_.slot_for(geteuid())) < 0)  // another collector claims one just now
            usleep(1000);
        slots_.heartbeat(shm::monotonic_ns());
        thread_ = std::thread([this] {
            while (!stopping_) {
                slots_.heartbeat(shm::monotonic_ns());
                usleep(1000);
            }
        });
    }
    ~Heart() {
        stopping_ = true;
        thread_.join();
    }
    Heart(const Heart&) = delete;
    Heart& operator=(const Heart&) = delete;
    int slot() const { return slot_; }

private:
    shm::BellSlots slots_;
    int slot_ = -1;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

// The one ring of an instance, writable, as a consumer maps it.
class WritableRing {
public:
    explicit WritableRing(const std::string& name) {
        const int fd = open((shm::kShmDirectory + name).c_str(), O_RDWR | O_CLOEXEC);
        REQUIRE(fd >= 0);
        struct stat status {};
        REQUIRE(fstat(fd, &status) == 0);
        size_ = static_cast<std::uint64_t>(status.st_size);
        void* at = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        REQUIRE(at != MAP_FAILED);
        base_ = static_cast<std::byte*>(at);
        close(fd);
    }
    ~WritableRing() { munmap(base_, size_); }
    WritableRing(const WritableRing&) = delete;
    WritableRing& operator=(const WritableRing&) = delete;
    std::byte* base() const { return base_; }
    std::uint64_t size() const { return size_; }
    shm::RingHeader& header() const { return *reinterpret_cast<shm::RingHeader*>(base_); }

private:
    std::byte* base_ = nullptr;
    std::uint64_t size_ = 0;
};

std::string name_of_ring(const Instance& instance) {
    std::string name;
    CHECK(test::until([&] {
        const auto rings = instance.rings();
        if (!rings.empty()) name = rings[0].name;
        return !rings.empty() && rings[0].header.lanes_used > 0;
    }));
    return name;
}

}  // namespace

#ifdef TIDEMARK_KILL_POINTS
TEST_CASE("killed anywhere: what was published is there, what was not is invisible") {
    struct Point {
        const char* name;
        std::uint64_t count;
        std::uint64_t published;  // exactly
    };
    for (const Point& point : std::initializer_list<Point>{{"append.record", 1, 0},
                                                           {"append.head", 1, 0},
                                                           {"append.record", 1000, 999},
                                                           {"append.head", 1000, 999},
                                                           {"append.head", 257, 256},
                                                           {"link.record", 1, 256},
                                                           {"link.head", 1, 256},
                                                           {"append.record", 258, 257},
                                                           {"link.record", 2, 1280},
                                                           {"link.head", 2, 1280},
                                                           {"link.head", 3, 9471},
                                                           {"claim.first", 1, 0},
                                                           {"claim.handler", 1, 0},
                                                           {"claim.used", 1, 0},
                                                           {"loss.allocations", 1, 25'855}}) {
        CAPTURE(point.name);
        CAPTURE(point.count);
        const Instance instance;
        const std::string armed = std::string(point.name) + ":" + std::to_string(point.count);
        const Ended ended =
            test::wait_for(start(instance, kEvents, {{"TIDEMARK_KILL_POINT", armed}}));
        CHECK(ended.killed_by(SIGKILL));
        const auto rings = instance.rings();
        REQUIRE(rings.size() == 1);
        CHECK(rings[0].faults == 0);
        CHECK_FALSE(test::producer_lock_is_held(rings[0].name));
        std::uint64_t found = 0;
        for (const auto& lane : rings[0].lanes)
            found += lane.size();
        CHECK(found == point.published);
        if (found > 0) CHECK(check_sequence(rings[0]) == found + 1);
    }
}

TEST_CASE("killed while the ring is made: nothing has the ready name, and nobody holds the lock") {
    for (const char* point : {"create.header", "create.publish"}) {
        CAPTURE(point);
        const Instance instance;
        // A size that nobody else's ring has tells which temporary object is this one's.
        constexpr std::uint64_t kSize = (std::uint64_t{1} << 20) + 5 * 65536;
        const Ended ended = test::wait_for(start(
            instance, 10,
            {{"TIDEMARK_KILL_POINT", point}, {"TIDEMARK_RING_BUDGET", std::to_string(kSize)}}));
        CHECK(ended.killed_by(SIGKILL));
        CHECK(instance.rings().empty());
        int found = 0;
        for (const std::string& name : test::ring_names()) {
            if (test::MappedRing(name).size() != kSize) continue;
            CHECK(name.rfind(shm::kTemporaryPrefix, 0) == 0);
            CHECK_FALSE(test::producer_lock_is_held(name));
            unlink((shm::kShmDirectory + name).c_str());
            ++found;
        }
        CHECK(found == 1);
    }
}
#endif

TEST_CASE("killed by surprise: a prefix of what it recorded is there, in order and whole") {
    for (int round = 0; round < 10; ++round) {
        const Instance instance;
        const int pid = start(instance, std::uint64_t{1} << 40);
        const std::string name = name_of_ring(instance);
        const std::uint64_t enough = static_cast<std::uint64_t>(round) * 1500;
        CHECK(test::until([&] {
            const test::MappedRing ring(name);
            const auto* lane = reinterpret_cast<const shm::Lane*>(ring.base() + shm::kLanesOffset);
            return __atomic_load_n(&lane->head, __ATOMIC_ACQUIRE) > enough;
        }));
        kill(pid, SIGKILL);
        CHECK(test::wait_for(pid).killed_by(SIGKILL));
        const auto rings = instance.rings();
        REQUIRE(rings.size() == 1);
        CHECK(rings[0].faults == 0);
        CHECK(rings[0].lanes[0].size() >= enough);
        CHECK(check_sequence(rings[0]) == rings[0].lanes[0].size() + 1);
    }
}

TEST_CASE(
    "a collector that lives but does not drain is waited for once, then losses are counted as "
    "full") {
    const Instance instance;
    const Heart heart(instance.name());
    const auto naps = [] {
        rusage usage{};
        getrusage(RUSAGE_CHILDREN, &usage);
        return usage.ru_nvcsw;
    };
    const long before = naps();
    CHECK(test::wait_for(start(instance, 100'000)).exited_with(0));
    CHECK(
        naps() - before >
        20);  // a hundred milliseconds of them, none longer than one; also on a lane never drained
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 1);
    CHECK(rings[0].allocations() == 256 + 1024 + 8191 + shm::kMostBlockEvents);
    CHECK(rings[0].allocations() + rings[0].lost() == 100'000);
    CHECK(rings[0].lost(TIDEMARK_LOSS_FULL) == rings[0].lost());
}

TEST_CASE(
    "a consumer that drains: each event arrives once, in order, or is counted with a gap in its "
    "place") {
    const Instance instance;
    const Heart heart(instance.name());
    constexpr std::uint64_t kMany = 1'000'000;
    const int pid = start(instance, kMany);
    const WritableRing ring(name_of_ring(instance));
    __atomic_store_n(&ring.header().consumer_slot, heart.slot(), __ATOMIC_RELAXED);
    __atomic_store_n(&ring.header().consumer_attached, 1, __ATOMIC_RELEASE);
    shm::LaneReader reader(ring.base(), ring.size(), 0);
    REQUIRE(reader.begin());
    std::vector<shm::Event> events(5000);
    std::uint64_t arrived = 0;
    std::uint64_t in_gaps = 0;
    std::uint64_t wrong = 0;
    std::uint64_t next = 1;
    bool ended = false;
    for (;;) {
        const bool last = ended;
        auto fault = TIDEMARK_QUARANTINE_NONE;
        const std::size_t taken = reader.take(reader.head(), events.data(), events.size(), fault);
        REQUIRE(fault == TIDEMARK_QUARANTINE_NONE);
        for (std::size_t i = 0; i < taken; ++i) {
            const shm::Event& event = events[i];
            if (event.operation() == shm::Operation::kGap) {
                in_gaps += event.id >> 32;
                next += event.id >> 32;
                continue;
            }
            wrong += event.id != next || event.size() != (event.id & 0xFFFF);
            next = event.id + 1;
            ++arrived;
        }
        reader.release_space(reader.cursor.position);
        if (taken != 0) continue;
        if (last) break;
        int status = 0;
        ended = waitpid(pid, &status, WNOHANG) == pid;
        if (!ended) usleep(100);
    }
    CHECK(wrong == 0);
    const auto rings = instance.rings();
    REQUIRE(rings.size() == 1);
    std::uint64_t lost = 0;
    for (int cause = 0; cause < TIDEMARK_LOSS_CAUSE_COUNT; ++cause) {
        lost += ring.header().loss[cause].allocations;
        if (cause != TIDEMARK_LOSS_FULL && cause != TIDEMARK_LOSS_NO_COLLECTOR)
            CHECK(ring.header().loss[cause].allocations == 0);
    }
    CHECK(arrived + lost == kMany);
    CHECK(in_gaps <= lost);
}
