// SPDX-License-Identifier: Apache-2.0
//
// Live buffers of programs, and what exited ones left, from the accounts that the collector keeps beside the stats
// segment (readable by its own user only).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "viewers/model/call_stack.hpp"
#include "viewers/model/filter.hpp"
#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

// One live allocation; of an exited process one that it left.
struct Buffer {
    std::uint64_t image = 0;
    std::optional<std::int32_t> pid;
    std::uint32_t device = 0;
    std::uint32_t pool_index = 0;  // in BufferList::pools: a list may hold millions, with few names
    std::uint64_t id = 0;
    std::uint64_t size = 0;
    std::optional<std::uint64_t> age_ms;  // until now, or until its process ended
    std::uint32_t stack = 0;              // BufferList::stacks[stack - 1]; 0: no call site
};

struct BufferList {
    std::vector<Buffer> buffers;
    std::vector<std::string> pools;
    std::vector<CallStack> stacks;    // each once an image
    std::vector<CodeModule> modules;  // that their callers lie in
    std::uint64_t stacks_dropped =
        0;  // allocations whose call site found no room in their program's ring
    // Why the list may not be whole, for people: one sentence an account. Empty: it is exact.
    std::vector<std::string> inexact;

    const std::string& pool_name(const Buffer& buffer) const { return pools[buffer.pool_index]; }
    std::uint32_t pool_index(const std::string& name);
};

enum class Which { kRunning, kExited, kAll };

// Walks the accounts of the snapshot's processes that hold anything. O(live buffers).
BufferList read_buffers(const Snapshot& snapshot, Which which, const Filter& filter);

enum class BufferOrder { kSize, kAge, kId };

// The largest, the oldest, or the lowest id first; pid and id decide between equals. Keeps the first `top` (0: all).
void order(BufferList& list, BufferOrder by, std::size_t top);

// A copy of the first `top` of a list, in that order: less than to order a list of millions.
BufferList first_of(const BufferList& list, BufferOrder by, std::size_t top);

}  // namespace tidemark::model
