// SPDX-License-Identifier: Apache-2.0
//
// What does one event cost the program that appends it? Against the time stamp that it takes, which no tracker can do
// without: a bare read of the counter in a single-threaded process, a fenced one else (--threads). Allocations and
// frees alternate; the lane is emptied by the same thread every 128 events, so no processor shares its cache lines.
#include <semaphore>
#include <thread>

#include "bench/harness.hpp"
#include "bench/own_ring.hpp"
#include "producer/hot.hpp"
#include "producer/runtime.hpp"
#include "shm/clock.hpp"
#include "tidemark/producer.h"

namespace tidemark::bench {
namespace {

// The rivals: each is called once an event with its number.
struct BareStamp {
    void operator()(std::uint64_t) const { benchmark::DoNotOptimize(shm::counter()); }
};

struct FencedStamp {
    void operator()(std::uint64_t) const { benchmark::DoNotOptimize(shm::counter_fenced()); }
};

// What the malloc tracker calls.
struct Core {
    void operator()(std::uint64_t number) const {
        const std::uint64_t id = 0x1000 + (number >> 1) * 64;
        if ((number & 1) == 0)
            producer::record_allocation(0, TIDEMARK_POOL_DRAM, id, 64);
        else
            producer::record_free(0, TIDEMARK_POOL_DRAM, id);
    }
};

// What a program calls.
struct Api {
    void operator()(std::uint64_t number) const {
        const std::uint64_t id = 0x1000 + (number >> 1) * 64;
        if ((number & 1) == 0)
            tidemark_allocation(0, TIDEMARK_POOL_DRAM, id, 64);
        else
            tidemark_free(0, TIDEMARK_POOL_DRAM, id);
    }
};

// Keeps the process multi-threaded for as long as it lives, without running.
class SecondThread {
public:
    SecondThread() : thread_([this] { end_.acquire(); }) {}
    ~SecondThread() {
        end_.release();
        thread_.join();
    }

private:
    std::binary_semaphore end_{0};
    std::thread thread_;
};

bool wants_threads = false;

OwnRing& own_ring() {
    static OwnRing ring;
    return ring;
}

template <class Rival>
void measure(benchmark::State& state) {
    OwnRing& ring = own_ring();
    if (!ring.is_open()) return refuse(state, "no ring segment could be made");
    if (producer::is_single_threaded() == wants_threads)
        return refuse(state, "the process does not have the threads that it should");
    const std::uint64_t lost_before = OwnRing::lost();
    const Rival rival;
    std::uint64_t number = 0;
    for (auto _ : state) {
        rival(number);
        if ((++number & 127) == 0) ring.empty();
    }
    ring.empty();
    if (OwnRing::lost() != lost_before) return refuse(state, "events were lost");
    state.SetItemsProcessed(state.iterations());
}

void register_all(const Options& options) {
    wants_threads = options.threads;
    if (options.threads) {
        static const SecondThread second;
        benchmark::RegisterBenchmark("append/stamp", measure<FencedStamp>);
    } else {
        benchmark::RegisterBenchmark("append/stamp", measure<BareStamp>);
    }
    benchmark::RegisterBenchmark("append/core", measure<Core>);
    benchmark::RegisterBenchmark("append/c_api", measure<Api>);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    tidemark::bench::require_tracking(true, argv);
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
