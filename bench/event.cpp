// SPDX-License-Identifier: Apache-2.0
//
// What does one event cost its caller, in 1, 2, 4 and 8 threads, while nobody else touches what is written or (--drain)
// while somebody empties it: a collector, the queue's consumer, the socket's server? Against what one would use
// instead. LTTng-UST is measured by lttng.cpp with the same loop, because its library starts threads.
#include <memory>

#include "bench/collector_process.hpp"
#include "bench/event_counters.hpp"
#include "bench/event_loop.hpp"
#include "bench/event_rivals.hpp"
#include "bench/event_socket.hpp"

namespace tidemark::bench {
namespace {

std::unique_ptr<CollectorProcess> collector;

void register_all(const Options& options) {
    drained = options.drain;
    if (drained) {
        collector = std::make_unique<CollectorProcess>();
        if (!collector->is_ready()) {
            std::fprintf(stderr, "bench.event: %s\n", collector->why());
            std::exit(1);
        }
    }
    // One thread alone is a process with one thread, where stamps need no fence.
    const std::vector<int> threads =
        options.threads ? std::vector<int>{2, 4, 8} : std::vector<int>{1};
    add_event<StampAlone>("stamp", options, threads);
    add_event<TidemarkEvent>("tidemark", options, threads);
    add_event<QueueEvent<BoostSpscQueue>>("boost_spsc_queue", options, threads);
#ifdef TIDEMARK_BENCH_READERWRITERQUEUE
    add_event<QueueEvent<MoodycamelReaderWriterQueue>>("readerwriterqueue", options, threads);
#endif
    add_event<QueueEvent<MoodycamelConcurrentQueue>>("concurrentqueue", options, threads);
    add_event<CountersAndRegistry>("counters_and_registry", options, threads);
    if (options.drain) add_event<SocketEvent>("socket", options, threads);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    tidemark::bench::require_tracking(true, argv);
    const int status = tidemark::bench::run(argc, argv, tidemark::bench::register_all);
    tidemark::bench::collector.reset();
    return status;
}
