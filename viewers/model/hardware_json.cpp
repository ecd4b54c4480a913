// SPDX-License-Identifier: Apache-2.0
#include "viewers/model/hardware_json.hpp"

#include <nlohmann/json.hpp>

namespace tidemark::model {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
Json or_null(const std::optional<T>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json reading_json(const sensors::Reading& reading) {
    Json object;
    object["source"] = sensors::source_word(reading.source);
    object["name"] = or_null(reading.name);
    object["card_type"] = or_null(reading.card_type);
    object["serial"] = or_null(reading.serial);
    object["pci"] = or_null(reading.pci);
    object["temperature_c"] = or_null(reading.temperature_c);
    object["power_w"] = or_null(reading.power_w);
    object["voltage_v"] = or_null(reading.voltage_v);
    object["utilization_percent"] = or_null(reading.utilization_percent);
    object["clock_mhz"] = or_null(reading.clock_mhz);
    object["fan_rpm"] = or_null(reading.fan_rpm);
    object["memory_used"] = or_null(reading.memory_used);
    object["memory_total"] = or_null(reading.memory_total);
    return object;
}

// Null where the kernel's list could not be read: a list of the instrumented alone would look complete.
Json comparison_json(const KernelComparison& comparison) {
    if (!comparison.problem.empty()) {
        return nullptr;
    }
    Json list = Json::array();
    for (const KernelRow& row : comparison.rows) {
        list.push_back({{"pid", row.pid},
                        {"name", or_null(row.name)},
                        {"handles", row.handles},
                        {"instrumented", row.instrumented}});
    }
    return list;
}

}  // namespace

void add_hardware(Json& device, const Snapshot& snapshot, std::uint32_t number) {
    if (snapshot.hardware) {
        const auto at = snapshot.hardware->readings.find(number);
        device["sensors"] =
            at != snapshot.hardware->readings.end() ? reading_json(at->second) : Json(nullptr);
    }
    for (const KernelComparison& comparison : snapshot.kernel) {
        if (comparison.device == number) {
            device["kernel_processes"] = comparison_json(comparison);
        }
    }
}

void add_unassigned(Json& document, const Snapshot& snapshot) {
    if (snapshot.hardware) {
        document["unassigned_sensors"] = Json::array();
        for (const sensors::Reading& reading : snapshot.hardware->unassigned) {
            document["unassigned_sensors"].push_back(reading_json(reading));
        }
    }
}

}  // namespace tidemark::model
