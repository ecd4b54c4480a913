// SPDX-License-Identifier: Apache-2.0
//
// Compares what a collector publishes with the ledger of a generator, word by word. The answer is a text that names
// every difference; empty: none.
#pragma once

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "tests/process/comparison.hpp"
#include "tidemark/account_reader.hpp"

namespace tidemark::test {

inline std::string process_differences(const StatsReader& reader, const LedgerPage& page,
                                       tidemark_process_state state) {
    Comparison c("process: ");
    const auto row = row_where<tidemark_process_row>(
        reader, [&](const auto& r) { return r.image == page.image; });
    if (!row) {
        c.wrong("not published");
        return c.text();
    }
    c.same("state", row->state, state);
    c.same("events", row->events, page.events);
    c.same("unknown_frees", row->unknown_frees, 0);
    c.same("duplicates", row->duplicates, 0);
    c.same("ambiguous_frees", row->ambiguous_frees, 0);
    c.same("exact", row->exact, 1);
    c.same("lost by the producer", page.lost, 0);
    for (std::uint32_t i = 0; i < page.usage_count; ++i) {
        const LedgerUsage& usage = page.usages[i];
        const auto found = row_where<tidemark_process_usage_row>(reader, [&](const auto& r) {
            return r.image == page.image && r.device == usage.device &&
                   text_of(r.pool_name) == usage.pool_name();
        });
        if (const std::string text = usage_differences(found, usage); !text.empty()) c.wrong(text);
    }
    return c.text();
}

// The devices that only this generator uses, and the one of its children.
inline std::string device_differences(const StatsReader& reader, const LedgerPage& page) {
    std::string text;
    for (std::uint32_t i = 0; i < page.usage_count; ++i) {
        const LedgerUsage& usage = page.usages[i];
        const auto row = row_where<tidemark_usage_row>(reader, [&](const auto& r) {
            return r.device == usage.device && text_of(r.pool_name) == usage.pool_name();
        });
        text += usage_differences(row, usage);
    }
    if (page.children == 0) return text;
    Comparison c("children: ");
    const auto row = row_where<tidemark_usage_row>(
        reader, [](const auto& r) { return r.device == kChildDevice; });
    const std::uint64_t bytes = page.children * kChildBuffers * kChildBufferSize;
    c.same("current", row ? row->current : 0, 0);
    c.same("total_allocated", row ? row->total_allocated : 0, bytes);
    c.same("total_freed", row ? row->total_freed : 0, bytes / 2);
    c.same("freed_by_exit", row ? row->freed_by_exit : 0, bytes / 2);
    c.same("allocations", row ? row->allocations : 0, page.children * kChildBuffers);
    return text + c.text();
}

inline std::string buffer_differences(const std::string& instance, const LedgerPage& page) {
    std::string error;
    auto account = AccountReader::open(instance, page.image, &error);
    if (!account) return error + "\n";
    const LiveBuffers live = account->live_buffers();
    if (!live.exact) return "the walk of the live table is not exact\n";
    using Key = std::tuple<std::uint32_t, std::uint32_t, std::uint64_t, std::uint64_t>;
    std::vector<Key> published, expected;
    for (const LiveBuffer& b : live.buffers)
        published.emplace_back(b.device, b.pool, b.id, b.size);
    for (std::uint32_t i = 0; i < page.buffer_count; ++i) {
        const LedgerBuffer& b = page.buffers[i];
        expected.emplace_back(b.device, b.pool, b.id, b.size);
    }
    std::sort(published.begin(), published.end());
    std::sort(expected.begin(), expected.end());
    if (published == expected) return {};
    return "live set: " + std::to_string(published.size()) + " buffers, the ledger says " +
           std::to_string(expected.size()) + ", or others\n";
}

// All of it, for a generator that is paused, or has ended.
inline std::string differences(const std::string& instance, const LedgerPage& page,
                               tidemark_process_state state = TIDEMARK_PROCESS_RUNNING) {
    std::string error;
    const auto reader = StatsReader::open(instance, &error);
    if (!reader) return error + "\n";
    std::string text = process_differences(*reader, page, state);
    if (state == TIDEMARK_PROCESS_RUNNING) text += device_differences(*reader, page);
    text += buffer_differences(instance, page);
    const auto collector = reader->read<tidemark_collector_row>(0);
    Comparison c("collector: ");
    c.same("events", collector ? collector->events : 0,
           page.events + page.children * kChildBuffers * 3 / 2);
    c.same("processes_seen", collector ? collector->processes_seen : 0, 1 + page.children);
    c.same("audit_differences", collector ? collector->audit_differences : 1, 0);
    return text + c.text();
}

}  // namespace tidemark::test
