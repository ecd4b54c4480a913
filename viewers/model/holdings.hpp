// SPDX-License-Identifier: Apache-2.0
//
// What processes hold, or held when they ended, by process, device and pool: the first look at a leak.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "viewers/model/buffers.hpp"
#include "viewers/model/growth.hpp"
#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

// One process x device x pool that held something when the process ended, or holds it now.
struct Holding {
    std::optional<std::int32_t> pid;
    std::string name;  // empty: unknown
    std::uint64_t image = 0;
    std::optional<std::uint64_t> ended_ms_ago;  // nothing: unknown, or it runs
    std::uint32_t device = 0;
    std::string pool_name;
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    bool exact = true;
    std::optional<std::uint64_t> oldest_ms;  // of what a running one holds
    std::string ending{};                    // "exit status 1", "killed by SIGKILL"; empty: unknown
};

// Of the processes that exited, or of those that run; the largest first.
std::vector<Holding> holdings_of(const Snapshot& snapshot, bool exited);

std::vector<Holding> largest_first(std::vector<Holding> holdings);

// The age of the oldest buffer of each, from a list of their buffers.
void add_oldest(std::vector<Holding>& running, const BufferList& live);

// As `tidemark leaks --json` has them.
nlohmann::ordered_json holdings_json(const std::vector<Holding>& holdings);
nlohmann::ordered_json growing_json(const std::vector<Growth>& growing);

}  // namespace tidemark::model
