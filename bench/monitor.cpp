// SPDX-License-Identifier: Apache-2.0
//
// What does the in-process monitor cost: an event with a million live buffers, at one and at eight threads, all on one
// device, and a query of all its figures? Against what older monitors did: one std::unordered_map under a mutex beside
// relaxed counters. Each thread replaces live buffers of its own share in no order, a free and an allocation in turn.
// Processor time is what an event costs its thread; with more threads than processors wall time is not.
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <random>
#include <unordered_map>
#include <vector>

#include "bench/harness.hpp"
#include "tidemark/compat/tt_metal/impl/profiler/tracy_memory_monitor.hpp"
#include "tidemark/monitor.hpp"

namespace tidemark::bench {
namespace {

std::uint64_t live_buffers = 1'000'000;  // fewer in a smoke run
constexpr std::uint64_t kSize = 4096;

struct Sharded {
    Monitor monitor;
    void allocate(std::uint64_t id) { monitor.track_allocation(0, Pool::kDram, id, kSize); }
    void free(std::uint64_t id) { monitor.track_deallocation(0, id); }
    std::uint64_t live() const { return monitor.query_device(0).live; }
    std::uint64_t bytes() const { return monitor.registry_bytes(); }
};

// The way of the older monitors.
struct MapAndMutex {
    struct Info {
        std::uint64_t id;
        int device;
        std::uint64_t size;
        std::uint8_t type;
        std::chrono::steady_clock::time_point time;
    };
    std::mutex mutex;
    std::unordered_map<std::uint64_t, Info> infos;
    std::atomic<std::uint64_t> current{0}, allocations{0}, frees{0}, count{0};

    void allocate(std::uint64_t id) {
        current.fetch_add(kSize, std::memory_order_relaxed);
        count.fetch_add(1, std::memory_order_relaxed);
        allocations.fetch_add(1, std::memory_order_relaxed);
        const std::lock_guard lock(mutex);
        infos[id] = {id, 0, kSize, 0, std::chrono::steady_clock::now()};
    }
    void free(std::uint64_t id) {
        const std::lock_guard lock(mutex);
        const auto found = infos.find(id);
        if (found == infos.end()) return;
        current.fetch_sub(found->second.size, std::memory_order_relaxed);
        count.fetch_sub(1, std::memory_order_relaxed);
        frees.fetch_add(1, std::memory_order_relaxed);
        infos.erase(found);
    }
    std::uint64_t live() const { return count.load(); }
    // Nodes as the allocator gives them, and the buckets.
    std::uint64_t bytes() const {
        void* node = std::malloc(sizeof(Info) + 16);
        const std::uint64_t one = malloc_usable_size(node) + 8;
        std::free(node);
        return infos.size() * one + infos.bucket_count() * 8;
    }
};

// Which ids are live: a thread's own share, so that frees always find theirs.
struct Share {
    std::vector<std::uint64_t> ids;
    std::size_t at;
    std::uint64_t next;
};

template <class Tracker>
struct Bed {
    Tracker tracker;
    std::vector<Share> shares;

    explicit Bed(int threads) : shares(static_cast<std::size_t>(threads)) {
        std::uint64_t id = 0x10000;
        for (std::size_t i = 0; i < shares.size(); ++i) {
            shares[i].next = (i + 1) << 44;
            for (std::uint64_t n = 0; n < live_buffers / shares.size(); ++n, id += kSize) {
                shares[i].ids.push_back(id);
                tracker.allocate(id);
            }
            std::shuffle(shares[i].ids.begin(), shares[i].ids.end(), std::mt19937_64(i));
        }
    }
};

// One for all repetitions: filling it takes longer than measuring.
template <class Tracker, int kThreads>
Bed<Tracker>& bed() {
    static Bed<Tracker> only(kThreads);
    return only;
}

// How many of a thread's buffers come and go; the others stay. Those that go come back at the same addresses if they are
// few, as in a program's loop, and at new ones else.
constexpr std::size_t kLoop = 1000;

template <class Tracker, int kThreads, bool is_loop>
void measure(benchmark::State& state) {
    auto& [tracker, shares] = bed<Tracker, kThreads>();
    Share& share = shares[static_cast<std::size_t>(state.thread_index())];
    for (auto _ : state) {
        std::uint64_t& id = share.ids[share.at];
        if (++share.at >= (is_loop ? kLoop : share.ids.size())) share.at = 0;
        tracker.free(id);
        if (!is_loop) id = share.next += kSize;
        tracker.allocate(id);
    }
    state.SetItemsProcessed(2 * state.iterations());
    if (state.thread_index() != 0) return;
    if (state.threads() == 1 && tracker.live() != live_buffers)
        return refuse(state, "buffers were lost");
    state.counters["bytes_a_buffer"] =
        static_cast<double>(tracker.bytes()) / static_cast<double>(live_buffers);
}

// Five pools in use.
void measure_query(benchmark::State& state) {
    Monitor monitor;
    for (std::uint32_t pool = 0; pool < 5; ++pool)
        monitor.track_allocation(0, static_cast<Pool>(pool), 1, 100);
    for (auto _ : state) {
        auto figures = monitor.query_device(0);
        benchmark::DoNotOptimize(figures);
    }
    state.SetItemsProcessed(state.iterations());
}

void measure_compatible_query(benchmark::State& state) {
    using Compatible = tt::tt_metal::TracyMemoryMonitor;
    auto& monitor = Compatible::instance();
    for (int pool = 0; pool < 5; ++pool)
        monitor.track_allocation(0, 1, 100, static_cast<Compatible::BufferType>(pool));
    for (auto _ : state) {
        auto figures = monitor.query_device(0);
        benchmark::DoNotOptimize(figures);
    }
    state.SetItemsProcessed(state.iterations());
    monitor.reset();
}

void measure_relaxed_query(benchmark::State& state) {
    struct alignas(64) {
        std::atomic<std::uint64_t> words[8];
    } counters{};
    for (auto _ : state) {
        std::uint64_t figures[8];
        for (int i = 0; i < 8; ++i)
            figures[i] = counters.words[i].load(std::memory_order_relaxed);
        benchmark::DoNotOptimize(figures);
    }
    state.SetItemsProcessed(state.iterations());
}

template <class Tracker, int kThreads, bool is_loop>
void add(const std::string& name) {
    const std::string pattern = is_loop ? "/loop/" : "/scattered/";
    const std::string full = name + pattern + std::to_string(kThreads);
    benchmark::RegisterBenchmark(full.c_str(), measure<Tracker, kThreads, is_loop>)
        ->Threads(kThreads)
        ->Setup([](const benchmark::State&) { bed<Tracker, kThreads>(); });
}

template <class Tracker>
void add_all(const std::string& name) {
    add<Tracker, 1, true>(name);
    add<Tracker, 8, true>(name);
    add<Tracker, 1, false>(name);
    add<Tracker, 8, false>(name);
}

void register_all(const Options& options) {
    if (options.smoke) live_buffers = 20'000;
    benchmark::RegisterBenchmark("monitor/query/all_pools", measure_query);
    benchmark::RegisterBenchmark("monitor/query/compatible", measure_compatible_query);
    benchmark::RegisterBenchmark("monitor/query/relaxed_counters", measure_relaxed_query);
    add_all<Sharded>("monitor/track/tidemark");
    add_all<MapAndMutex>("monitor/track/map_and_mutex");
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    tidemark::bench::require_tracking(false, argv);
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
