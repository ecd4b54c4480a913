// SPDX-License-Identifier: Apache-2.0
//
// Buffers grouped by the call site that allocated them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "viewers/model/buffers.hpp"
#include "viewers/model/figures.hpp"

namespace tidemark::model {

// Buffers whose call stacks read the same, over all processes.
struct CallSite {
    std::vector<std::string> frames;  // the innermost first; empty: not recorded
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
};

// Of a list whose call sites are named, the most bytes first. Empty if none was recorded.
std::vector<CallSite> call_sites_of(const BufferList& list);

// As [{"count","bytes","stack"}]; "stack" is null where none was recorded.
nlohmann::ordered_json call_sites_json(const std::vector<CallSite>& sites);

// "4 allocations found no room for a call site: unknown there"; empty if all did.
std::string dropped_sentence(const BufferList& list, const Figures& figures);

}  // namespace tidemark::model
