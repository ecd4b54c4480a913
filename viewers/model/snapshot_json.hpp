// SPDX-License-Identifier: Apache-2.0
//
// A snapshot as JSON, the format of `tidemark query --json` and of the report of `tidemark run --json`. Keys are only
// ever added; bytes are integers, unknown is null. Text that is not UTF-8 gets replacement characters.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

inline constexpr int kJsonSchema = 1;

nlohmann::ordered_json to_json(const Snapshot& snapshot);

// Parts of it, as they stand there; a device without sensors.
nlohmann::ordered_json to_json(const Collector& collector);
nlohmann::ordered_json to_json(const Device& device);
nlohmann::ordered_json to_json(const Process& process);

// "host", or the number.
nlohmann::ordered_json device_json(std::uint32_t device);

// Serialises without ever throwing on text of other programs. `indent` < 0: one line.
std::string dump(const nlohmann::ordered_json& document, int indent);

}  // namespace tidemark::model
