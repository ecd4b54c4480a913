// SPDX-License-Identifier: Apache-2.0
//
// What the sensors of one device say at one moment, as plain values with units in their names. What could not be read,
// or was no plausible figure, is empty: never 0, never an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "viewers/sensors/source.hpp"

namespace tidemark::sensors {

struct Reading {
    Source source;
    std::optional<std::string> name;       // "Wormhole", "NVIDIA H100 80GB HBM3"
    std::optional<std::string> card_type;  // as Tenstorrent's driver calls it: "n300"
    std::optional<std::string> serial;
    std::optional<std::string> pci;  // "0000:01:00.0"
    std::optional<double> temperature_c;
    std::optional<double> power_w;
    std::optional<double> voltage_v;
    std::optional<std::uint64_t> utilization_percent;  // 0 to 100
    std::optional<std::uint64_t> clock_mhz;
    std::optional<std::uint64_t> fan_rpm;
    // Of the whole device, tracked or not, as its driver (of the host: the kernel) tells. Bytes.
    std::optional<std::uint64_t> memory_used;
    std::optional<std::uint64_t> memory_total;
};

}  // namespace tidemark::sensors
