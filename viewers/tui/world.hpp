// SPDX-License-Identifier: Apache-2.0
//
// Everything that is shown, as values: what the segment says, what this viewer saw itself, and, while one process is
// open, its buffers. Who reads it: feed.hpp. What a person chose to see of it: state.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "viewers/model/buffers.hpp"
#include "viewers/model/call_sites.hpp"
#include "viewers/model/growth.hpp"
#include "viewers/model/history.hpp"
#include "viewers/model/size_histogram.hpp"
#include "viewers/model/snapshot.hpp"
#include "viewers/tui/trails.hpp"

namespace tidemark::tui {

// A sum over pools. Nothing: unknown.
struct Amount {
    std::optional<std::uint64_t> value = 0;
    bool exact = true;

    Amount& operator+=(const Amount& other) {
        value = value && other.value ? std::optional(*value + *other.value) : std::nullopt;
        exact = exact && other.exact;
        return *this;
    }
};

// What the process table shows of one process, or of one with its children.
struct Sums {
    Amount dram, l1, host, other, live, peak, events, lost, bytes_per_second, count_per_second;
    bool is_at_most = false;  // the peak is a sum of peaks that need not have met

    Sums& operator+=(const Sums& other);
};

// What the process that is open holds, read beside everything else: buffer_work.hpp.
struct HeldBuffers {
    std::uint64_t count = 0;
    model::BufferList largest, oldest;
    std::vector<model::CallSite> sites;
    std::vector<std::string> inexact;  // why the lists may not be whole
    std::string dropped;               // call sites that were not kept
};

// The process that is open.
struct Detail {
    std::uint64_t image = 0;
    std::vector<model::SizeHistogram> histograms;
    std::optional<HeldBuffers> buffers;  // nothing: being read for the first time
};

// How many allocations of each power of two, in all its pools together.
using SizeCounts = std::array<std::uint64_t, TIDEMARK_HISTOGRAM_BUCKETS>;
SizeCounts sizes_of(const Detail& detail);

struct World {
    model::Snapshot snapshot;
    std::vector<Sums> sums;  // of snapshot.processes, in their order
    std::vector<model::PoolHistory> history;
    std::optional<model::GrowthFindings> growth;  // nothing: not read yet
    Trails trails;
    std::optional<Detail> detail;
};

// Of one process, without its children.
Sums sums_of(const model::Process& process, const Trails& trails);

// The same anew, but for the rates, which change once a second.
void refresh(Sums& sums, const model::Process& process);

const model::Process* find_process(const model::Snapshot& snapshot, std::uint64_t image);

}  // namespace tidemark::tui
