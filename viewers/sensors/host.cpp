// SPDX-License-Identifier: Apache-2.0
#include "viewers/sensors/host.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "viewers/sensors/hwmon.hpp"

namespace tidemark::sensors {
namespace {

// "MemTotal:       16318124 kB", in bytes. The kernel's kB are 1024 bytes.
std::optional<std::uint64_t> meminfo(const std::string& text, std::string_view key) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ':') {
            continue;
        }
        std::istringstream words(line.substr(key.size() + 1));
        std::string digits;
        std::string unit;
        words >> digits >> unit;
        std::uint64_t value = 0;
        const char* last = digits.data() + digits.size();
        const auto [end, error] = std::from_chars(digits.data(), last, value);
        const bool whole = error == std::errc{} && end == last && !digits.empty();
        return whole && unit == "kB" && value < (std::uint64_t{1} << 50)
                   ? std::optional(value * 1024)
                   : std::nullopt;
    }
    return std::nullopt;
}

// In use is what programs could not have: MemAvailable counts caches that the kernel would give up.
void read_memory(const Tree& tree, Reading& reading) {
    const std::string text = tree.read("/proc/meminfo").value_or("");
    reading.memory_total = meminfo(text, "MemTotal");
    const auto available = meminfo(text, "MemAvailable");
    if (reading.memory_total && available && *available <= *reading.memory_total) {
        reading.memory_used = *reading.memory_total - *available;
    }
}

// Whether a temperature of this driver is the processor's as a whole, and not of one core or of the board.
bool is_package(const std::string& driver, const std::optional<std::string>& label) {
    if (driver == "coretemp") {
        return label && label->starts_with("Package id");
    }
    if (driver == "k10temp" || driver == "zenpower") {
        return label == "Tctl" || label == "Tdie";
    }
    return driver == "cpu_thermal";
}

// The hottest of several packages.
std::optional<double> package_temperature(const Tree& tree) {
    constexpr std::string_view kInput = "_input";
    std::optional<double> hottest;
    for (const std::string& name : tree.names("/sys/class/hwmon")) {
        const std::string hwmon = "/sys/class/hwmon/" + name;
        const std::string driver = tree.line(hwmon + "/name").value_or("");
        for (const std::string& file : tree.names(hwmon)) {
            if (!file.starts_with("temp") || !file.ends_with(kInput)) {
                continue;
            }
            const std::string sensor = hwmon + "/" + file.substr(0, file.size() - kInput.size());
            if (is_package(driver, tree.line(sensor + "_label"))) {
                const auto now = temperature_c(tree, sensor + "_input");
                hottest = now ? std::max(hottest.value_or(*now), *now) : hottest;
            }
        }
    }
    return hottest;
}

}  // namespace

Reading read_host(const Tree& tree) {
    Reading reading;
    reading.source = {Kind::kHost, 0};
    read_memory(tree, reading);
    reading.temperature_c = package_temperature(tree);
    return reading;
}

}  // namespace tidemark::sensors
