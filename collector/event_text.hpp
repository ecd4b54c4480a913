// SPDX-License-Identifier: Apache-2.0
//
// Sink records as lines of JSON (docs/control-socket.md), and which of them a follower wants. Written by hand, since
// an event log carries millions; names go through the JSON library, which replaces bytes that are not UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/sink_record.hpp"

namespace tidemark::collector {

// Appends one line with its newline. `stack`: a leak's call site, as JSON.
void append_event(std::string& out, const SinkRecord& record, std::string_view stack = "null");
void append_dropped(std::string& out, std::uint64_t count);

// Of pool_name, which is zero-terminated unless full.
std::string pool_name_of(const SinkRecord& record);

// Empty lists let everything through. Starts and ends of images have neither device nor pool: only pids hold for them.
struct EventFilter {
    std::vector<std::int64_t> pids;
    std::vector<std::uint32_t> devices;
    std::vector<std::string> pools;

    bool wants(const SinkRecord& record) const;
};

}  // namespace tidemark::collector
