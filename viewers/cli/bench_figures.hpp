// SPDX-License-Identifier: Apache-2.0
//
// What `tidemark bench` measures: events that this very process appends through the producer's library to a collector,
// and how long it takes to read them back. Nothing of how it is shown.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tidemark/producer.h"
#include "tidemark/stats_reader.hpp"
#include "viewers/cli/bench_stamp.hpp"

namespace tidemark::cli {

struct Percentiles {
    double median_ns = 0;
    double p99_ns = 0;
};

struct BenchFigures {
    Stamp stamp_kind = Stamp::kCounter;
    Percentiles stamp;           // that an event takes, alone; of batches, per stamp
    Percentiles event;           // of batches, per event; 10,000 buffers live, scattered
    double events_a_second = 0;  // applied and published, from one thread
    std::uint64_t lost = 0;      // events, in all of it
    Percentiles row;             // reading one row; of batches, per read
    Percentiles publication;     // from an append until it can be read, from rest
};

// The producer's library, loaded into this process: events go to `instance` from then on.
class BenchProducer {
public:
    // False: error() says why. Once a process: what it finds in the environment then holds until the end.
    bool load(const std::string& instance);
    const std::string& error() const { return error_; }

    void allocate(std::uint64_t id) const { allocation_(0, TIDEMARK_POOL_DRAM, id, 64); }
    void free(std::uint64_t id) const { free_(0, TIDEMARK_POOL_DRAM, id); }
    bool flush() const;  // until what was appended is published; at most ten seconds
    std::uint64_t lost() const;

private:
    decltype(&tidemark_allocation) allocation_ = nullptr;
    decltype(&tidemark_free) free_ = nullptr;
    decltype(&tidemark_flush) flush_ = nullptr;
    decltype(&tidemark_get_status) status_ = nullptr;
    std::string error_;
};

// `go_on` is told the share of the whole that is done, about every millisecond; it may throw. Throws Failure if what was
// appended does not arrive.
BenchFigures measure(const BenchProducer& producer, const StatsReader& reader, double seconds,
                     const std::function<void(double)>& go_on);

}  // namespace tidemark::cli
