// SPDX-License-Identifier: Apache-2.0
//
// Units and plausible ranges of hwmon's files (Documentation/hwmon/sysfs-interface of Linux): temp*_input in thousandths
// of a degree Celsius, in*_input in mV, power*_input in microwatts, fan*_input in RPM. A figure out of range is a
// driver's way to say that it has none.
#pragma once

#include <optional>
#include <string>

#include "viewers/sensors/tree.hpp"

namespace tidemark::sensors {

namespace detail {
inline std::optional<double> scaled(const std::optional<std::int64_t>& value, double unit) {
    return value ? std::optional(static_cast<double>(*value) / unit) : std::nullopt;
}
}  // namespace detail

inline std::optional<double> temperature_c(const Tree& tree, const std::string& path) {
    return detail::scaled(tree.number(path, -100'000, 300'000), 1000);
}
inline std::optional<double> voltage_v(const Tree& tree, const std::string& path) {
    return detail::scaled(tree.number(path, 0, 100'000), 1000);
}
inline std::optional<double> power_w(const Tree& tree, const std::string& path) {
    return detail::scaled(tree.number(path, 0, 20'000'000'000), 1'000'000);
}
inline std::optional<std::uint64_t> fan_rpm(const Tree& tree, const std::string& path) {
    const auto value = tree.number(path, 0, 1'000'000);
    return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}
inline std::optional<std::uint64_t> clock_mhz(const Tree& tree, const std::string& path) {
    const auto value = tree.number(path, 0, 100'000);
    return value ? std::optional(static_cast<std::uint64_t>(*value)) : std::nullopt;
}

}  // namespace tidemark::sensors
