// SPDX-License-Identifier: Apache-2.0
#include "collector/configuration.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>

#include "collector/instance.hpp"
#include "collector/json_fields.hpp"
#include "collector/quantity.hpp"

namespace tidemark::collector {
namespace {

constexpr std::uint64_t kMaxCapacity = std::uint64_t{1}
                                       << 60;  // bytes; beyond any memory, far from wrapping
constexpr std::size_t kMaxPath = 4095;
constexpr std::size_t kMaxDevices = 256;  // rows of the device table
constexpr std::size_t kMaxFileSize = std::size_t{1} << 20;
// By number of the device table.
constexpr std::array<std::string_view, 5> kArchitectures = {"unknown", "grayskull", "wormhole_b0",
                                                            "blackhole", "quasar"};

std::uint32_t architecture_of(const Json& value, const std::string& where) {
    for (std::size_t number = 0; number < kArchitectures.size(); ++number) {
        if (value == kArchitectures[number]) return static_cast<std::uint32_t>(number);
    }
    json_problem(where, value, "one of unknown, grayskull, wormhole_b0, blackhole, quasar");
}

std::string path_of(const Json& value, const std::string& where) {
    std::string path = text_of(value, where, kMaxPath);
    if (!path.empty() && path.front() != '/') json_problem(where, value, "an absolute path");
    return path;
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

std::uint64_t grace_of(const Json& value, const std::string& where) {
    std::optional<std::uint64_t> grace;
    if (value.is_number() && !value.is_number_integer()) grace = parse_grace(value.dump());
    if (value.is_number_unsigned()) grace = parse_grace(std::to_string(value.get<std::uint64_t>()));
    if (value == "forever") grace = parse_grace("forever");
    if (!grace) json_problem(where, value, "a number of seconds up to ten years, or \"forever\"");
    return *grace;
}

void read_limits(const Json& object, const std::string& where, Limits& limits) {
    read_fields(
        object, where,
        {{"live_table",
          [&](const Json& v, const std::string& w) {
              limits.live_table_bytes =
                  size_of(v, w, std::uint64_t{1} << 20, std::uint64_t{8} << 30);
          }},
         {"exited_grace",
          [&](const Json& v, const std::string& w) { limits.exited_grace_ns = grace_of(v, w); }},
         {"image_quantum", [&](const Json& v, const std::string& w) {
              limits.image_quantum = static_cast<std::uint32_t>(integer_of(v, w, 64, 65536));
          }}});
}

void read_stats(const Json& object, const std::string& where, Configuration& configuration) {
    const auto mode = [&](const Json& v, const std::string& w) {
        const auto parsed =
            v.is_string() ? parse_mode(v.get_ref<const std::string&>()) : std::nullopt;
        if (!parsed)
            json_problem(w, v, "a mode such as \"0644\", from 0600 to 0666 without execution");
        configuration.stats_mode = *parsed;
    };
    const auto group = [&](const Json& v, const std::string& w) {
        configuration.stats_group = text_of(v, w, 63);
    };
    read_fields(object, where, {{"mode", mode}, {"group", group}});
}

void read_top(const Json& object, Configuration& configuration) {
    const auto instance = [&](const Json& v, const std::string& w) {
        std::string name = text_of(v, w, kMaxInstanceName);
        std::string problem;
        if (!valid_instance(name, problem)) throw JsonProblem(w + ": " + problem);
        configuration.instance = std::move(name);
    };
    read_fields(
        object, "",
        {{"instance", instance},
         {"devices",
          [&](const Json& v, const std::string& w) { configuration.devices = device_list(v, w); }},
         {"limits",
          [&](const Json& v, const std::string& w) { read_limits(v, w, configuration.limits); }},
         {"stats", [&](const Json& v, const std::string& w) { read_stats(v, w, configuration); }},
         {"event_log",
          [&](const Json& v, const std::string& w) { configuration.event_log = path_of(v, w); }},
         {"leak_log",
          [&](const Json& v, const std::string& w) { configuration.leak_log = path_of(v, w); }}});
}

}  // namespace

bool parse_configuration(std::string_view text, const std::string& source,
                         Configuration& configuration, std::string& error) {
    Configuration result = configuration;
    try {
        read_top(parse_json(text), result);
    } catch (const JsonProblem& problem) {
        error = "configuration " + source + ": " + problem.what() + "; nothing of it was used";
        return false;
    }
    configuration = std::move(result);
    return true;
}

bool read_configuration(const std::string& path, Configuration& configuration, std::string& error) {
    const auto fail = [&](const std::string& reason) {
        error = "cannot read configuration " + path + ": " + reason +
                "; correct it, or name another with --config";
        return false;
    };
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(std::strerror(errno));
    std::string text(kMaxFileSize + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (file.bad() || (file.fail() && !file.eof()))
        return fail(errno != 0 ? std::strerror(errno) : "it is not a file");
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMaxFileSize) return fail("it is larger than 1 MiB");
    return parse_configuration(text, path, configuration, error);
}

}  // namespace tidemark::collector
