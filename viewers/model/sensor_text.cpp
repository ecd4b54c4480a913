// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/sensor_text.hpp"

#include <array>
#include <cstdio>

#include "viewers/model/text.hpp"

namespace tidemark::model {
namespace {

constexpr const char* kUnknown = "N/A";

std::string rounded(const std::optional<double>& value, int digits, const std::string& unit) {
    if (!value) {
        return kUnknown;
    }
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, *value);
    return text.data() + unit;
}

std::string whole(const std::optional<std::uint64_t>& value, const std::string& unit) {
    return value ? std::to_string(*value) + unit : kUnknown;
}

}  // namespace

SensorText sensor_text(const std::optional<sensors::Reading>& reading, bool units, bool ascii) {
    const sensors::Reading known = reading.value_or(sensors::Reading{});
    const auto unit = [units](const char* text) { return std::string(units ? text : ""); };
    return {rounded(known.temperature_c, 0, unit(ascii ? " C" : " °C")),
            rounded(known.power_w, 1, unit(" W")),
            whole(known.utilization_percent, unit(" %")),
            whole(known.clock_mhz, unit(" MHz")),
            whole(known.fan_rpm, unit(" RPM")),
            rounded(known.voltage_v, 2, unit(" V")),
            known.pci ? printable(*known.pci) : kUnknown};
}

}  // namespace tidemark::model
