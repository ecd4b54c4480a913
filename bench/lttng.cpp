// SPDX-License-Identifier: Apache-2.0
//
// LTTng-UST in the loops of event.cpp and disabled.cpp: a tracepoint with an event's fields. A program of its own,
// because the library starts threads in every program that has it. Recording is switched on by a session, which run.py
// makes (--drain: one whose consumer writes to disk; else one that only overwrites its buffers).
#include "bench/disabled_loop.hpp"
#include "bench/event_loop.hpp"
#include "bench/lttng_provider.h"

namespace tidemark::bench {
namespace {

struct Tracepoint {
    static const char* missing() {
        return lttng_ust_tracepoint_enabled(tidemark_bench, event) ? nullptr
                                                                   : "no LTTng session records";
    }
    static void begin(int) {}
    static void end() {}
    explicit Tracepoint(int thread = 0) : base_(static_cast<std::uint64_t>(thread + 1) << 40) {}
    void operator()(std::uint64_t number) const {
        const std::uint64_t size = (number & 1) == 0 ? 64 : 0;
        lttng_ust_tracepoint(tidemark_bench, event, base_ + (number >> 1) * 64, size, 0);
    }
    void rest() {}
    // The library's clock unless it is given another.
    void stamp(std::uint64_t) const { benchmark::DoNotOptimize(shm::monotonic_ns()); }
    const char* wrong() const { return nullptr; }

private:
    std::uint64_t base_;
};

bool is_recorded() { return Tracepoint::missing() == nullptr; }

void register_all(const Options& options) {
    if (!is_recorded()) {
        add_disabled<Tracepoint>("lttng", is_recorded);
        return;
    }
    const std::vector<int> threads =
        options.threads ? std::vector<int>{2, 4, 8} : std::vector<int>{1};
    add_event<Tracepoint>("lttng", options, threads);
}

}  // namespace
}  // namespace tidemark::bench

int main(int argc, char** argv) {
    return tidemark::bench::run(argc, argv, tidemark::bench::register_all);
}
