// SPDX-License-Identifier: Apache-2.0
//
// Sensors and the kernel's list of processes as JSON, added to a snapshot's document where a viewer read them.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

#include "viewers/model/snapshot.hpp"

namespace tidemark::model {

// "sensors": an object, or null for a device that has none; "kernel_processes": a list, or null if it is unknown.
void add_hardware(nlohmann::ordered_json& device, const Snapshot& snapshot, std::uint32_t number);

// "unassigned_sensors": of cards that are no device of Tidemark's.
void add_unassigned(nlohmann::ordered_json& document, const Snapshot& snapshot);

}  // namespace tidemark::model
