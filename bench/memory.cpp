// SPDX-License-Identifier: Apache-2.0
//
// What takes how much memory? The collector before anybody reported; a live buffer in the account, with a million of them,
// and in everything that the collector has; a busy thread's share of its program's ring segment, after it has made events
// faster than they were drained. Pages that hold something, as the kernel counts them; not a time.
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "bench/collector_process.hpp"
#include "bench/harness.hpp"
#include "bench/pipeline_loads.hpp"

namespace tidemark::bench {
namespace {

// Bytes of all objects whose name has this in it.
double shared_bytes(const std::string& part) {
    double sum = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
        struct stat facts = {};
        if (entry.path().filename().string().find(part) != std::string::npos &&
            stat(entry.path().c_str(), &facts) == 0)
            sum += static_cast<double>(facts.st_blocks) * 512;
    }
    return sum;
}

std::string own_ring() {
    tidemark_status status{};
    tidemark_get_status(&status, sizeof status);
    char name[32];
    std::snprintf(name, sizeof name, "ring.%016llx", static_cast<unsigned long long>(status.image));
    return name;
}

CollectorProcess& collector() {
    static CollectorProcess one;
    return one;
}

// The collector's private memory and what maps it.
double private_bytes(pid_t process) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    double sum = 0;
    for (std::string word; status >> word;)
        if (double kilobytes = 0; (word == "RssAnon:" || word == "VmPTE:") && status >> kilobytes)
            sum += kilobytes * 1024;
    return sum;
}

// All objects of its instance, and what is its own: no program's rings.
double bytes_of_collector() {
    return shared_bytes("." + std::string(std::getenv("TIDEMARK_INSTANCE")) + ".") +
           private_bytes(collector().pid());
}

void measure_rest(benchmark::State& state) {
    if (!collector().is_ready()) return refuse(state, collector().why());
    for (auto _ : state)
        state.counters["bytes"] = bytes_of_collector();
    state.SetItemsProcessed(1);
}

void measure_buffers(benchmark::State& state) {
    if (!collector().is_ready()) return refuse(state, collector().why());
    const auto buffers = static_cast<std::uint64_t>(state.range(0));
    const std::string accounts = std::string(std::getenv("TIDEMARK_INSTANCE")) + ".account.";
    for (auto _ : state) {
        tidemark_allocation(1, TIDEMARK_POOL_DRAM, 64, 64);
        if (!is_published()) return refuse(state, "the collector did not publish");
        const double before = shared_bytes(accounts);
        const PairsLoad load(buffers);
        if (!is_published()) return refuse(state, "the collector did not publish");
        const double bytes = shared_bytes(accounts) - before;
        state.counters["bytes"] = bytes / static_cast<double>(buffers);
        state.counters["everything_bytes"] = bytes_of_collector() / static_cast<double>(buffers);
        load.free_all();
    }
    state.SetItemsProcessed(1);
}

void measure_threads(benchmark::State& state) {
    if (!collector().is_ready()) return refuse(state, collector().why());
    const auto count = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < count; ++i)
            threads.emplace_back([i] {
                for (std::uint64_t n = 0; n < 400'000; ++n) {
                    tidemark_allocation(0, TIDEMARK_POOL_DRAM, (i + 1) << 40, 64);
                    tidemark_free(0, TIDEMARK_POOL_DRAM, (i + 1) << 40);
                }
            });
        for (std::thread& thread : threads)
            thread.join();
        state.counters["bytes"] = shared_bytes(own_ring()) / static_cast<double>(count);
    }
    state.SetItemsProcessed(1);
}

// The memory of a ring only grows, so the figures of the most threads come last.
void register_all(const Options& options) {
    benchmark::RegisterBenchmark("memory/collector_at_rest", measure_rest)->Iterations(1);
    for (const int threads : {1, 8})
        benchmark::RegisterBenchmark("memory/ring_a_thread", measure_threads)
            ->Arg(threads)
            ->Iterations(1);
    benchmark::RegisterBenchmark("memory/account_a_buffer", measure_buffers)
        ->Arg(options.smoke ? 10'000 : 1'000'000)
        ->Iterations(1);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    tidemark::bench::require_tracking(true, argv);
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
