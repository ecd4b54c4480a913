// SPDX-License-Identifier: Apache-2.0
//
// What the sensors of the machine say of its devices, in base units.
#include "viewers/export/parts.hpp"

namespace tidemark::exporter {
namespace {

using sensors::Reading;

struct SensorMetric {
    Metric metric;
    std::optional<Metric::Value> (*value)(const Reading&);
};

template <auto Member, int Factor = 1, int Divisor = 1>
std::optional<Metric::Value> scaled(const Reading& reading) {
    const auto& value = reading.*Member;
    if (!value) {
        return std::nullopt;
    }
    if constexpr (Divisor == 1) {
        return *value * Factor;
    } else {
        return static_cast<double>(*value) * Factor / Divisor;
    }
}

std::vector<SensorMetric> sensor_metrics() {
    std::vector<SensorMetric> metrics;
    const auto add = [&](const char* name, const char* help,
                         std::optional<Metric::Value> (*value)(const Reading&)) {
        metrics.push_back(
            {Metric(std::string("tidemark_device_") + name, Type::kGauge, help), value});
    };
    add("temperature_celsius", "Temperature of the device.", scaled<&Reading::temperature_c>);
    add("power_watts", "Electrical power that the device draws.", scaled<&Reading::power_w>);
    add("voltage_volts", "Supply voltage of the device.", scaled<&Reading::voltage_v>);
    add("utilization_ratio", "Share of time that the device is busy, 0 to 1.",
        scaled<&Reading::utilization_percent, 1, 100>);
    add("clock_hertz", "Clock frequency of the device.", scaled<&Reading::clock_mhz, 1'000'000>);
    add("fan_speed_rpm", "Turns of the device's fan a minute.", scaled<&Reading::fan_rpm>);
    add("driver_used_bytes",
        "Memory of the whole device in use as its driver tells, tracked or not.",
        scaled<&Reading::memory_used>);
    add("driver_capacity_bytes", "Memory of the whole device as its driver tells.",
        scaled<&Reading::memory_total>);
    return metrics;
}

}  // namespace

void append_sensors(std::string& text, const model::Snapshot& snapshot) {
    if (!snapshot.hardware) {
        return;
    }
    std::vector<SensorMetric> metrics = sensor_metrics();
    const auto add = [&](Labels labels, const Reading& reading) {
        labels.add("sensor", sensors::source_word(reading.source));
        for (SensorMetric& metric : metrics) {
            if (const auto value = metric.value(reading)) {
                metric.metric.add(labels, *value);
            }
        }
    };
    for (const auto& [device, reading] : snapshot.hardware->readings) {
        add(device_labels(snapshot, device), reading);
    }
    for (const Reading& reading : snapshot.hardware->unassigned) {
        add(Labels{{"device_name", reading.name.value_or("")}}, reading);
    }
    for (const SensorMetric& metric : metrics) {
        metric.metric.append_to(text);
    }
}

}  // namespace tidemark::exporter
