// SPDX-License-Identifier: Apache-2.0
//
// How long does another program take to ask, while eight programs report and one of them makes a hundred events every
// few dozen microseconds? One counter, one row, all devices, all processes of the stats segment, against a relaxed
// atomic, a request over a Unix socket and a file of /proc. The same of a row that another process publishes without a
// pause. Median: of batches, per query; the other percentiles: of single queries.
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <exception>
#include <memory>

#include "bench/busy_publisher.hpp"
#include "bench/harness.hpp"
#include "bench/query_bed.hpp"
#include "bench/samples.hpp"
#include "bench/stand_in_server.hpp"
#include "tidemark/stats_reader.hpp"

namespace tidemark::bench {
namespace {

// Whose stats segment is read.
struct Collected {
    const StatsReader& reader = *bed().reader;
};
struct BusilyPublished {
    BusyPublisher publisher;
    const StatsReader& reader = *publisher.reader;
};

// Who answers: each true if it gave something.
template <class Source>
struct OneCounter {
    bool operator()() {
        unsigned char row[offsetof(tidemark_usage_row, current) + 8];
        const int result =
            tidemark_reader_row(&source.reader.raw(), TIDEMARK_TABLE_USAGE, 0, row, sizeof row);
        benchmark::DoNotOptimize(row);
        return result == TIDEMARK_READ_OK;
    }
    Source source;
};
template <class Row, std::uint32_t kRows, class Source = Collected>
struct Rows {
    bool operator()() {
        std::uint32_t found = 0;
        for (std::uint32_t i = 0; i < kRows; ++i)
            found += source.reader.read(i, rows[i]) == TIDEMARK_READ_OK;
        benchmark::DoNotOptimize(rows);
        return found == kRows;
    }
    Source source;
    Row rows[kRows];
};
struct RelaxedAtomic {
    bool operator()() {
        benchmark::DoNotOptimize(bed().atomic->load(std::memory_order_relaxed));
        return true;
    }
};
struct SocketRequest {
    bool operator()() { return server.ask(0, answer); }
    StandInServer server{1};
    StandInServer::Message answer{};
};
struct ProcFile {
    ~ProcFile() { close(file); }
    bool operator()() {
        char text[256];
        const bool read = pread(file, text, sizeof text, 0) > 0;
        benchmark::DoNotOptimize(text);
        return read;
    }
    int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
};

template <class Rival, int kBatch>
void measure(benchmark::State& state) {
    std::unique_ptr<Rival> rival;
    try {
        bed();
        rival = std::make_unique<Rival>();
    } catch (const std::exception& failure) {
        return refuse(state, failure.what());
    }
    pin_to(0);
    clock_cost();
    Samples batches, singles;
    std::uint64_t nothing = 0;
    for (auto _ : state) {
        const std::uint64_t begun = shm::counter_fenced();
        for (int i = 0; i < kBatch; ++i)
            nothing += !(*rival)();
        batches.add(shm::counter_fenced() - begun);
        for (int i = 0; i < kBatch; ++i) {
            const std::uint64_t before = shm::counter_fenced();
            nothing += !(*rival)();
            singles.add(shm::counter_fenced() - before);
        }
    }
    state.counters["p50_ns"] = batches.at(0.5) * tick_ns() / kBatch;
    state.counters["p99_ns"] = single_ns(singles, 0.99);
    state.counters["p9999_ns"] = single_ns(singles, 0.9999);
    state.counters["busy_answers"] = static_cast<double>(nothing);
    state.SetItemsProcessed(state.iterations() * 2 * kBatch);
}

void register_all(const Options&) {
    using DeviceRow = Rows<tidemark_usage_row, 1>;
    using BusyRow = Rows<tidemark_usage_row, 1, BusilyPublished>;
    using AllDevices = Rows<tidemark_usage_row, kPrograms>;
    using AllProcesses = Rows<tidemark_process_row, kPrograms>;
    benchmark::RegisterBenchmark("query/one_counter", measure<OneCounter<Collected>, 64>);
    benchmark::RegisterBenchmark("query/device_row", measure<DeviceRow, 64>);
    benchmark::RegisterBenchmark("query/all_devices", measure<AllDevices, 64>);
    benchmark::RegisterBenchmark("query/all_processes", measure<AllProcesses, 16>);
    benchmark::RegisterBenchmark("query/busy_publisher/one_counter",
                                 measure<OneCounter<BusilyPublished>, 64>);
    benchmark::RegisterBenchmark("query/busy_publisher/device_row", measure<BusyRow, 64>);
    benchmark::RegisterBenchmark("query/relaxed_atomic", measure<RelaxedAtomic, 64>);
    benchmark::RegisterBenchmark("query/socket_request", measure<SocketRequest, 4>);
    benchmark::RegisterBenchmark("query/proc_file", measure<ProcFile, 16>);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    tidemark::bench::require_tracking(true, argv);
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
