// SPDX-License-Identifier: Apache-2.0
//
// What `tidemark run` knows once the command has ended, and the verdict over its limits. Telling it is
// run_report.hpp's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "viewers/model/buffers.hpp"
#include "viewers/model/snapshot.hpp"
#include "viewers/symbols/suppressions.hpp"

namespace tidemark::cli {

// Bytes that a device x pool, summed over processes, may reach or leave.
struct Limits {
    std::optional<std::uint64_t> peak;
    std::optional<std::uint64_t> leak;
    bool any() const { return peak || leak; }
};

struct RunResult {
    std::vector<std::string> command;
    int exit_status = 0;  // as a shell gives it
    double wall_seconds = 0;
    std::optional<model::Snapshot> snapshot;  // nothing: no collector could run, or it was lost
    model::BufferList leaks;                  // what exited programs left
    symbols::Suppressed suppressed;           // leaks that are not among them
    bool tracked = false;                     // at least one program was; filters don't change that
    std::vector<std::string> notes;           // what went wrong on the way, for people
};

// A device x pool of a finished run.
struct PoolResult {
    model::PoolUsage usage;       // sums over all programs
    std::uint64_t left = 0;       // bytes that exited programs left
    std::uint64_t left_live = 0;  // buffers
    bool left_exact = true;
    bool limited = false;  // limits apply to it
};

// `host_limited`: host memory counts too, since the person named its pool.
std::vector<PoolResult> pool_results(const model::Snapshot& snapshot, bool host_limited);

// Suppressed leaks count neither as left nor for limits.
void leave_out(const symbols::Suppressed& suppressed, std::vector<PoolResult>& pools);

// One sentence for every limit that was exceeded.
std::vector<std::string> exceeded(const std::vector<PoolResult>& pools, const Limits& limits);

// What `tidemark run` ends with.
int final_status(const RunResult& result, const Limits& limits, bool limit_exceeded,
                 int error_exitcode);

}  // namespace tidemark::cli
