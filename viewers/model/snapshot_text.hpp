// SPDX-License-Identifier: Apache-2.0
//
// The parts of a snapshot as JSON text in one line: the one place that knows their keys. The whole document is put
// together in snapshot_json.cpp, and by who keeps the texts of its parts.
#pragma once

#include <string>

#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

class JsonText;

// Objects, a device without sensors.
std::string text_of(const Collector& collector);
std::string text_of(const Device& device);
std::string text_of(const Process& process);
std::string text_of(const Region& region);

// An object of what stands before the lists: schema, time_unix_ns, consistent, collector.
std::string head_text(const Snapshot& snapshot);

// "lost": by cause, in an object that is being written.
void add_lost(JsonText& out, const Loss& loss);

}  // namespace tidemark::model
