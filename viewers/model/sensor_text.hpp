// SPDX-License-Identifier: Apache-2.0
//
// Figures of sensors as tables show them, N/A for what is unknown.
#pragma once

#include <optional>
#include <string>

#include "viewers/sensors/reading.hpp"

namespace tidemark::model {

struct SensorText {
    std::string temperature;  // "45 °C"
    std::string power;        // "36.0 W"
    std::string utilization;  // "37 %"
    std::string clock;        // "1000 MHz"
    std::string fan;          // "2100 RPM"
    std::string voltage;      // "0.81 V"
    std::string pci;
};

// Of no sensors: all unknown. `units`: else bare numbers.
SensorText sensor_text(const std::optional<sensors::Reading>& reading, bool units, bool ascii);

}  // namespace tidemark::model
