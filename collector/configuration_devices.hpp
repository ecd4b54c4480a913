// SPDX-License-Identifier: Apache-2.0
//
// The "devices" of a configuration file (docs/configuration.md).
#pragma once

#include <string>
#include <vector>

#include "collector/configuration.hpp"
#include "collector/json_fields.hpp"

namespace tidemark::collector {

// `where` is the list's name. Throws JsonProblem.
std::vector<DeviceConfiguration> device_list(const Json& list, const std::string& where);

}  // namespace tidemark::collector
