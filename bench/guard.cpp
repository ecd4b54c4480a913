// SPDX-License-Identifier: Apache-2.0
//
// Not a benchmark: what guards.py counts the instructions of. `bench.guard append|apply|read` does one of them a fixed
// number of times inside a function whose name begins with guarded_, and says how often.
#include <cstdio>
#include <cstring>

#include "bench/apply_feed.hpp"
#include "bench/apply_stores.hpp"
#include "bench/harness.hpp"
#include "bench/own_ring.hpp"
#include "bench/stats_bed.hpp"
#include "tidemark/producer.h"
#include "tidemark/stats_reader.hpp"

namespace {

using namespace tidemark;  // NOLINT(google-build-using-namespace): the guarded functions have C names

constexpr std::uint64_t kTimes = 16 * 4096;

extern "C" [[gnu::noinline]] void guarded_append(bench::OwnRing& ring) {
    for (std::uint64_t number = 0; number < kTimes; ++number) {
        const std::uint64_t id = 0x1000 + (number >> 1) * 64;
        if ((number & 1) == 0)
            tidemark_allocation(0, TIDEMARK_POOL_DRAM, id, 64);
        else
            tidemark_free(0, TIDEMARK_POOL_DRAM, id);
        if ((number & 127) == 127) ring.empty();
    }
}

void apply(bench::AccountStore& store, const std::vector<shm::Event>& events) {
    for (std::uint64_t i = 0; i < events.size(); ++i) {
        if (i % 4096 == 0) store.begin();
        store.apply(events[i], store.hash(events[i]));
        if (i % 4096 == 4095) store.commit();
    }
    store.commit();
}

extern "C" [[gnu::noinline]] void guarded_apply(bench::AccountStore& store,
                                                const std::vector<shm::Event>& events) {
    apply(store, events);
}

extern "C" [[gnu::noinline]] void guarded_read(const StatsReader& reader) {
    tidemark_usage_row row;
    for (std::uint64_t number = 0; number < kTimes; ++number) {
        if (reader.read(0, row) != TIDEMARK_READ_OK) std::abort();
        asm volatile("" : : "r"(&row) : "memory");
    }
}

bool run(const char* what) {
    if (std::strcmp(what, "append") == 0) {
        bench::OwnRing ring;
        if (ring.is_open()) guarded_append(ring);
        return ring.is_open() && bench::OwnRing::lost() == 0;
    }
    if (std::strcmp(what, "apply") == 0) {
        const bench::ApplyFeed feed(10'000, kTimes / 2, false);
        bench::AccountStore store(10'000);
        apply(store, feed.first());
        guarded_apply(store, feed.circle());
        return store.live() == 10'000;
    }
    if (std::strcmp(what, "read") != 0) return false;
    const bench::StatsBed bed(1);
    const auto reader = StatsReader::open(bed.instance());
    if (reader) guarded_read(*reader);
    return reader.has_value();
}

}  // namespace

int main(int argc, char** argv) {
    bench::require_tracking(true, argv);
    try {
        if (argc != 2 || !run(argv[1])) {
            std::fputs("usage: bench.guard append|apply|read, with room in /dev/shm\n", stderr);
            return 1;
        }
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench.guard: %s\n", failure.what());
        return 1;
    }
    std::printf("%llu\n", static_cast<unsigned long long>(kTimes));
    return 0;
}
