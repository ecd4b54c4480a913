// SPDX-License-Identifier: Apache-2.0
#include "collector/configuration_devices.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace tidemark::collector {
namespace {

constexpr std::uint64_t kMaxCapacity = std::uint64_t{1} << 60;  // far from wrapping
constexpr std::size_t kMaxDevices = 256;                        // rows of the device table
// By number of the device table.
constexpr std::array<std::string_view, 5> kArchitectures = {"unknown", "grayskull", "wormhole_b0",
                                                            "blackhole", "quasar"};

std::uint32_t architecture_of(const Json& value, const std::string& where) {
    for (std::size_t number = 0; number < kArchitectures.size(); ++number) {
        if (value == kArchitectures[number]) return static_cast<std::uint32_t>(number);
    }
    json_problem(where, value, "one of unknown, grayskull, wormhole_b0, blackhole, quasar");
}

JsonField capacity_field(std::string_view key, std::uint64_t& capacity) {
    return {key, [&capacity](const Json& v, const std::string& w) {
                capacity = size_of(v, w, 1, kMaxCapacity);
            }};
}

DeviceConfiguration device_entry(const Json& entry, const std::string& where) {
    DeviceConfiguration device;
    const auto capacities = [&](const Json& v, const std::string& w) {
        read_fields(v, w,
                    {capacity_field("DRAM", device.capacity[TIDEMARK_MEMORY_DRAM]),
                     capacity_field("L1", device.capacity[TIDEMARK_MEMORY_L1]),
                     capacity_field("HOST", device.capacity[TIDEMARK_MEMORY_HOST])});
    };
    read_fields(
        entry, where,
        {{"device", [&](const Json& v, const std::string& w) { device.device = device_of(v, w); }},
         {"name", [&](const Json& v, const std::string& w) { device.name = text_of(v, w, 63); }},
         {"architecture",
          [&](const Json& v, const std::string& w) { device.arch = architecture_of(v, w); }},
         {"dram_channels",
          [&](const Json& v, const std::string& w) {
              device.dram_channels = static_cast<std::uint32_t>(integer_of(v, w, 1, 65536));
          }},
         capacity_field("dram_per_channel", device.dram_per_channel),
         capacity_field("l1_per_core", device.l1_per_core),
         {"capacity", capacities}});
    if (!entry.contains("device")) throw JsonProblem(where + ": the key \"device\" is missing");
    return device;
}

}  // namespace

std::vector<DeviceConfiguration> device_list(const Json& list, const std::string& where) {
    if (!list.is_array() || list.size() > kMaxDevices)
        json_problem(where, list, "a list of at most 256 devices");
    std::vector<DeviceConfiguration> devices;
    for (const Json& entry : list) {
        const std::string here = where + "[" + std::to_string(devices.size()) + "]";
        DeviceConfiguration device = device_entry(entry, here);
        const bool repeated = std::any_of(devices.begin(), devices.end(), [&](const auto& other) {
            return other.device == device.device;
        });
        if (repeated) throw JsonProblem(here + ".device: stands in an earlier entry too");
        devices.push_back(std::move(device));
    }
    return devices;
}

}  // namespace tidemark::collector
