// SPDX-License-Identifier: Apache-2.0
//
// A script of events that a program and its test both know: what its first `count` events come to is computed, not
// reported, so it holds also for a program that was killed in the middle.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tests/process/ledger_page.hpp"

namespace tidemark::test {

struct ScriptEvent {
    bool is_free;
    std::uint64_t id, size;
};

// Of each four events three allocate, and the fourth frees what the first allocated.
inline ScriptEvent script_event(std::uint64_t index) {
    const bool is_free = index % 4 == 3;
    const std::uint64_t id = is_free ? index - 2 : index + 1;
    return {is_free, id, 100 + id % 50};
}

inline LedgerUsage script_usage(std::uint64_t count, std::uint32_t device = 0) {
    LedgerUsage usage{device, 0, 0, 0, 0, 0, 0, 0, 0};
    for (std::uint64_t i = 0; i < count; ++i) {
        const ScriptEvent event = script_event(i);
        if (event.is_free)
            usage.free(event.size);
        else
            usage.allocate(event.size);
    }
    return usage;
}

// What they leave allocated, by id.
inline std::vector<LedgerBuffer> script_buffers(std::uint64_t count, std::uint32_t device = 0) {
    std::vector<LedgerBuffer> left;
    for (std::uint64_t i = 0; i < count; ++i) {
        const ScriptEvent event = script_event(i);
        const bool is_freed_later = i % 4 == 0 && i + 3 < count;
        if (!event.is_free && !is_freed_later) left.push_back({event.id, event.size, device, 0});
    }
    return left;
}

// What a script tells its test besides, in memory that they share. The test writes `go`.
struct ScriptPage {
    std::uint32_t go;       // number of the phase that may begin
    std::uint32_t arrived;  // processes that did all of their events, or phases that ended
    std::uint64_t sent, lost_allocations, lost_frees, lost_bytes;
};

}  // namespace tidemark::test
