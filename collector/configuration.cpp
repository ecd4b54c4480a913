// SPDX-License-Identifier: Apache-2.0
#include "collector/configuration.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>

#include "collector/configuration_devices.hpp"
#include "collector/instance.hpp"
#include "collector/json_fields.hpp"
#include "collector/quantity.hpp"

namespace tidemark::collector {
namespace {

constexpr std::size_t kMaxPath = 4095;
constexpr std::size_t kMaxFileSize = std::size_t{1} << 20;
std::string path_of(const Json& value, const std::string& where) {
    std::string path = text_of(value, where, kMaxPath);
    if (!path.empty() && path.front() != '/') json_problem(where, value, "an absolute path");
    return path;
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
         {"image_quantum",
          [&](const Json& v, const std::string& w) {
              limits.image_quantum = static_cast<std::uint32_t>(integer_of(v, w, 64, 65536));
          }},
         {"socket_buffers", [&](const Json& v, const std::string& w) {
              limits.socket_buffers =
                  static_cast<std::uint32_t>(integer_of(v, w, 16, std::uint64_t{1} << 26));
          }}});
}

void read_stats(const Json& object, const std::string& where, Configuration& configuration) {
    const auto mode = [&](const Json& v, const std::string& w) {
        const auto parsed =
            v.is_string() ? parse_mode(v.get_ref<const std::string&>()) : std::nullopt;
        if (!parsed)
            json_problem(
                w, v,
                "\"0600\", \"0640\", \"0604\" or \"0644\": nobody but the collector may write");
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
